import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { ElectionTimes } from '../../src/adapters/kube/leadership.ts';
import type { ChartReleaseStatus } from '../../src/api/chart-release.ts';
import { pushChart, smallChart } from '../registry/push.ts';
import { type Access, askApi } from './api.ts';
import { writeKubeconfig } from './credentials.ts';
import type { Ground } from './ground.ts';
import { type Operator, type OperatorOptions, startOperator } from './operator.ts';
import { helm, helm3, kubectl, type Output, type RunOptions } from './run.ts';

const POLL_MS = 50;
/** Nothing takes that long; a machine that is busy with other things may. */
const PATIENCE_MS = 60_000;
const RELEASES = '/apis/tagalong.dev/v1beta1/namespaces';

/** A ChartRelease as tests read it. */
export interface SeenChartRelease {
  readonly metadata: { readonly generation: number; readonly resourceVersion: string; readonly uid: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly status?: ChartReleaseStatus;
}

export interface SiteOptions {
  /** Further registries that the operator reaches by plain HTTP. */
  readonly plainHttpHosts?: readonly string[];
  /** Further settings of the operator's configuration file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Further namespaces whose ChartReleases the operator looks at. */
  readonly namespaces?: readonly string[];
  /** Further flags of the operator. */
  readonly args?: readonly string[];
  /** Further environment of the operator. */
  readonly env?: Readonly<Record<string, string>>;
  /** URL by which the operator reaches the API server, by plain HTTP; the lab's own where absent. */
  readonly server?: string;
  /** Times of the election of a leader, by a Lease in the namespace of the site; nobody is elected where absent. */
  readonly election?: ElectionTimes;
  /** Whom the operator is, by his bearer token; the lab's own user, who may do everything, where absent. */
  readonly token?: string;
}

type Files = Parameters<typeof pushChart>[3];

/** Opens a namespace with an operator that looks at it alone. */
export const openSiteOn = async (ground: Ground, name: string, options: SiteOptions = {}): Promise<Site> => {
  const site = new Site(ground, `${name}-${randomBytes(3).toString('hex')}`);
  await site.open(options);
  return site;
};

/** A namespace of a lab, an operator for it, and repositories of its own in the registry. */
export class Site {
  readonly lab: Ground['lab'];
  readonly namespace: string;
  readonly #ground: Ground;
  #access: Access | undefined;
  #operator: Operator | undefined;
  #operatorOptions: OperatorOptions = {};
  #config = '';
  #kubeconfig = '';

  constructor(ground: Ground, namespace: string) {
    this.#ground = ground;
    this.lab = ground.lab;
    this.namespace = namespace;
  }

  async open(options: SiteOptions): Promise<void> {
    this.#access = { server: this.lab.server, token: this.lab.token, ca: await readFile(this.lab.caFile, 'utf8') };
    await this.addNamespace(this.namespace);
    this.#config = path.join(this.lab.dir, `operator-${this.namespace}.yaml`);
    await writeFile(this.#config, JSON.stringify({ ...options.settings, plainHttpHosts: [this.lab.registry, ...(options.plainHttpHosts ?? [])] }));
    const args = ['--engines', '1', '--log-level', 'debug', ...(options.election === undefined ? [] : electing(this.namespace, options.election)), ...(options.args ?? [])];
    this.#operatorOptions = {
      namespaces: [this.namespace, ...(options.namespaces ?? [])],
      args,
      program: this.#ground.operatorProgram,
      ...(options.env !== undefined && { env: options.env }),
    };
    const { server, token } = options;
    this.#kubeconfig = server === undefined && token === undefined ? this.lab.kubeconfig : path.join(this.lab.dir, `kubeconfig-${this.namespace}`);
    if (server !== undefined) writeKubeconfig(this.#kubeconfig, { server, token: token ?? this.lab.token, ca: '' });
    else if (token !== undefined) writeKubeconfig(this.#kubeconfig, { ...this.#access, token });
    await this.startOperator();
  }

  /** The operator finds another token in its kubeconfig from now on. */
  renewToken(token: string): void {
    if (this.#access === undefined) throw new Error('the site was not opened');
    writeKubeconfig(this.#kubeconfig, { ...this.#access, token });
  }

  async startOperator(): Promise<void> {
    this.#operator = await startOperator({ kubeconfig: this.#kubeconfig, operatorConfig: this.#config }, this.#operatorOptions);
  }

  /** Starts one more operator for this namespace, which reaches the API server at that URL by plain HTTP, or as the first does. It is the caller's to stop. */
  startAnother(server?: string): Promise<Operator> {
    if (server === undefined) return startOperator({ kubeconfig: this.#kubeconfig, operatorConfig: this.#config }, this.#operatorOptions);
    const kubeconfig = path.join(this.lab.dir, `kubeconfig-${this.namespace}-${randomBytes(3).toString('hex')}`);
    writeKubeconfig(kubeconfig, { server, token: this.lab.token, ca: '' });
    return startOperator({ kubeconfig, operatorConfig: this.#config }, this.#operatorOptions);
  }

  /** The same lab and operator, seen from another namespace. */
  beside(namespace: string): Site {
    const site = new Site(this.#ground, namespace);
    site.#access = this.#access;
    site.#operator = this.#operator;
    return site;
  }

  get operator(): Operator {
    if (this.#operator === undefined) throw new Error('the operator was not started');
    return this.#operator;
  }

  async close(): Promise<void> {
    await this.#operator?.stop();
  }

  /** Makes a namespace, and resolves when pods can be made in it. */
  async addNamespace(name: string): Promise<void> {
    await this.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await this.eventually(`ServiceAccount default in ${name}`, async () => (await this.read(`/api/v1/namespaces/${name}/serviceaccounts/default`)) !== undefined);
  }

  /** Pushes a chart to a repository of this site and returns its digest. */
  push(chart: string, tag: string, files: Files): Promise<string> {
    return pushChart(this.lab.registry, `${this.namespace}/${chart}`, tag, files);
  }

  /** Pushes a chart with one ConfigMap, `files` added to it. */
  pushSmall(chart: string, tag: string, version: string, files: Files = {}): Promise<string> {
    return this.push(chart, tag, smallChart(chart, version, files));
  }

  /** The reference of a chart that `push` pushed. */
  reference(chart: string, tag: string): string {
    return `${this.lab.registry}/${this.namespace}/${chart}:${tag}`;
  }

  /** Applies a ChartRelease, as kubectl apply does; the API server's refusal is thrown. */
  async release(name: string, spec: Readonly<Record<string, unknown>>, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
    const object = { apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', metadata: { name, namespace: this.namespace, annotations }, spec };
    await this.ask('PATCH', `${RELEASES}/${this.namespace}/chartreleases/${name}?fieldManager=test&force=true`, object, 'application/apply-patch+yaml');
  }

  /** Asks for a look now, as a person does by annotation. */
  async lookNow(name: string): Promise<void> {
    const patch = { metadata: { annotations: { 'tagalong.dev/reconcile-at': randomBytes(4).toString('hex') } } };
    await this.ask('PATCH', `${RELEASES}/${this.namespace}/chartreleases/${name}`, patch, 'application/merge-patch+json');
  }

  async remove(name: string): Promise<void> {
    await this.ask('DELETE', `${RELEASES}/${this.namespace}/chartreleases/${name}`);
  }

  async seen(name: string): Promise<SeenChartRelease | undefined> {
    return (await this.read(`${RELEASES}/${this.namespace}/chartreleases/${name}`)) as SeenChartRelease | undefined; // the CRD's own shape
  }

  /** The status of a release as soon as it satisfies the condition; a failure says what it was last. */
  async reaches(name: string, what: string, isSo: (status: ChartReleaseStatus, release: SeenChartRelease) => boolean): Promise<ChartReleaseStatus> {
    let last: SeenChartRelease | undefined;
    await this.eventually(
      `ChartRelease ${name}: ${what}`,
      async () => {
        last = await this.seen(name);
        return last?.status !== undefined && isSo(last.status, last);
      },
      () => `its status is ${JSON.stringify(last?.status?.conditions ?? last?.status)}; the operator's log ends with\n${this.operator.log().slice(-8).join('\n')}`,
    );
    return last?.status ?? {};
  }

  /** Ready, at this revision, for the spec as it is now. */
  ready(name: string, revision: number): Promise<ChartReleaseStatus> {
    return this.reaches(
      name,
      `Ready at revision ${revision}`,
      (status, { metadata }) => status.revision === revision && conditionIn(status, 'Ready')?.status === 'True' && status.observedGeneration === metadata.generation,
    );
  }

  /** Not ready for this reason, for the spec as it is now; returns the message. */
  async fails(name: string, reason: string): Promise<string> {
    const status = await this.reaches(name, `not Ready with reason ${reason}`, (seen, { metadata }) => {
      const ready = conditionIn(seen, 'Ready');
      return ready?.status === 'False' && ready.reason === reason && seen.observedGeneration === metadata.generation;
    });
    return conditionIn(status, 'Ready')?.message ?? '';
  }

  /** An object of this namespace by its API path, `configmaps/x` or `apps/v1/deployments/x`; undefined where there is none. */
  object(resource: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const [group, version, ...rest] = resource.split('/');
    const isCore = rest.length === 0;
    return this.read(isCore ? `/api/v1/namespaces/${this.namespace}/${resource}` : `/apis/${group}/${version}/namespaces/${this.namespace}/${rest.join('/')}`);
  }

  /** The JSON text of a Helm release record. */
  async record(release: string, revision: number): Promise<string> {
    const secret = (await this.object(`secrets/sh.helm.release.v1.${release}.v${revision}`)) as { readonly data: { readonly release: string } } | undefined; // Helm's own shape
    return gunzipSync(Buffer.from(Buffer.from(secret?.data.release ?? '', 'base64').toString(), 'base64')).toString();
  }

  async configMap(name: string, namespace = this.namespace): Promise<Readonly<Record<string, string>> | undefined> {
    const found = (await this.read(`/api/v1/namespaces/${namespace}/configmaps/${name}`)) as { readonly data?: Record<string, string> } | undefined; // the API's own shape
    return found === undefined ? undefined : (found.data ?? {});
  }

  /** Write requests that this operator, or another client, has sent for objects of its namespace so far, by the API server's own audit log. */
  async writes(client = 'tagalong'): Promise<readonly string[]> {
    const lines = (await readFile(path.join(this.lab.dir, 'audit.log'), 'utf8')).split('\n');
    return lines.flatMap((line) => {
      if (!line.includes(`/namespaces/${this.namespace}/`)) return [];
      const entry = JSON.parse(line) as { readonly verb: string; readonly requestURI: string; readonly userAgent?: string }; // audit.k8s.io/v1
      return entry.userAgent?.split('/')[0] === client && !entry.requestURI.includes('dryRun=All') ? [`${entry.verb} ${entry.requestURI}`] : [];
    });
  }

  kubectl(args: readonly string[], input?: string): Promise<Output> {
    return kubectl(this.lab, ['--namespace', this.namespace, ...args], input === undefined ? {} : { input });
  }

  helm(args: readonly string[], options: RunOptions = {}): Promise<Output> {
    return helm(this.lab, ['--namespace', this.namespace, ...args], options);
  }

  helm3(args: readonly string[], options: RunOptions = {}): Promise<Output> {
    return helm3(this.lab, ['--namespace', this.namespace, ...args], options);
  }

  /** A folder with the chart, for helm; it goes with the lab. */
  async folder(files: Files): Promise<string> {
    const dir = await mkdtemp(path.join(this.lab.dir, 'chart-'));
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
      await writeFile(path.join(dir, file), text);
    }
    return dir;
  }

  async eventually(what: string, isSo: () => Promise<boolean>, describe: () => string = () => 'it never was so'): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      if (await isSo()) return;
      await delay(POLL_MS);
    }
    throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s; ${describe()}`);
  }

  async ask(method: string, at: string, body?: unknown, contentType?: string): Promise<string> {
    if (this.#access === undefined) throw new Error('the site was not opened');
    const answer = await askApi(this.#access, method, at, body, contentType);
    if (answer.status >= 300) throw new Error(`${method} ${at}: ${answer.status} ${answer.body}`);
    return answer.body;
  }

  /** A GET; undefined for 404. */
  async read(at: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    if (this.#access === undefined) throw new Error('the site was not opened');
    const answer = await askApi(this.#access, 'GET', at);
    if (answer.status === 404) return undefined;
    if (answer.status >= 300) throw new Error(`GET ${at}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as Readonly<Record<string, unknown>>; // an object of the API server
  }
}

const electing = (namespace: string, { leaseMs, renewDeadlineMs, retryMs }: ElectionTimes): readonly string[] => {
  const times = { 'lease-duration': leaseMs, 'renew-deadline': renewDeadlineMs, 'retry-period': retryMs };
  return ['--leader-elect', '--leader-elect-resource-namespace', namespace, ...Object.entries(times).map(([flag, ms]) => `--leader-elect-${flag}=${ms}ms`)];
};

/** The condition of that type, if the status has it. */
export const conditionIn = (status: ChartReleaseStatus, type: string) => status.conditions?.find((condition) => condition.type === type);
