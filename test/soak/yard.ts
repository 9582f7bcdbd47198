import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { API_VERSION, type ChartReleaseStatus, GROUP, KIND, PLURAL, VERSION } from '../../src/api/chart-release.ts';
import { ApiClient, inFlight, METADATA_ONLY } from '../bench/api-client.ts';
import { childrenOf } from '../bench/proc.ts';
import { type ApiProxy, startApiProxy } from '../lab/api-proxy.ts';
import { writeKubeconfig } from '../lab/credentials.ts';
import { addDefinitions } from '../lab/definitions.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type Operator, startOperator } from '../lab/operator.ts';
import { helm, kubectl } from '../lab/run.ts';
import type { Fault } from '../lab/steering.ts';
import { pushChart, smallChart } from '../registry/push.ts';
import type { Progress } from '../tools/progress.ts';
import { filesOf } from './chart.ts';
import type { Act, Extent, Trouble } from './course.ts';
import { Inspector } from './inspector.ts';

const NAMESPACE = 'soak';
const TAG = 'stable';
/** As often as a tag may be looked at. */
const INTERVAL = '10s';
const TIMEOUT = '15s';
const IN_FLIGHT = 8;
const LOOK_MS = 500;
/** Every so many releases there is one with a pod, and one with a hook. */
const WITH_PODS = 20;
const WITH_HOOK = 7;

/** One request of so many is in trouble. */
const OF_A_FEW = 3;

const statusOf = (code: number) => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });

const FAULTS: Readonly<Record<Exclude<Trouble, 'watches end'>, Fault>> = {
  throttled: { kind: 'Answer', status: 429, headers: { 'retry-after': '1' }, body: statusOf(429) },
  failing: { kind: 'Answer', status: 500, body: statusOf(500) },
  silent: { kind: 'DropAnswer' },
};

type Push = Extract<Act, { readonly kind: 'push' }>;

interface SeenRelease {
  readonly metadata: { readonly name: string };
  readonly status?: ChartReleaseStatus;
}

interface SeenRecord {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
}

/** A lab, an operator behind ways that can be cut, and the releases that it has to look after. */
export class Yard {
  readonly operator: Operator;
  readonly inspector: Inspector;
  readonly #lab: Lab;
  readonly #client: ApiClient;
  readonly #ways: Readonly<Record<'api' | 'registry', ApiProxy>>;
  readonly #extent: Extent;
  readonly #suspended = new Set<number>();
  readonly #digests = new Map<number, string>();
  #pushes = 0;

  private constructor(lab: Lab, client: ApiClient, ways: Readonly<Record<'api' | 'registry', ApiProxy>>, operator: Operator, inspector: Inspector, extent: Extent) {
    this.#lab = lab;
    this.#client = client;
    this.#ways = ways;
    this.operator = operator;
    this.inspector = inspector;
    this.#extent = extent;
  }

  static async open({ dir, extent, progress }: { readonly dir: string; readonly extent: Extent; readonly progress: Progress }, cleanup: AsyncDisposableStack): Promise<Yard> {
    const lab = cleanup.adopt(await startLab({ dir, progress }), (it) => it.stop());
    await addDefinitions(lab);
    await kubectl(lab, ['create', 'namespace', NAMESPACE]);
    const admin = { server: lab.server, token: lab.token, ca: await readFile(lab.caFile, 'utf8') };
    const way = async (server: string) => cleanup.adopt(await startApiProxy({ server, ca: admin.ca }), (it) => it.close());
    // The registry speaks HTTP like the API server: what can be cut there can be cut here.
    const ways = { api: await way(lab.server), registry: await way(`http://${lab.registry}`) };
    const [kubeconfig, operatorConfig] = [path.join(dir, 'operator-kubeconfig'), path.join(dir, 'soak-operator.yaml')];
    writeKubeconfig(kubeconfig, { server: ways.api.server, token: lab.token, ca: '' });
    await writeFile(operatorConfig, JSON.stringify({ plainHttpHosts: [hostOf(ways.registry)] }));
    const operator = cleanup.adopt(await startOperator({ kubeconfig, operatorConfig }, { nodeArgs: ['--inspect=127.0.0.1:0'] }), (it) => it.stop());
    const client = cleanup.adopt(new ApiClient(admin, { connections: IN_FLIGHT, userAgent: 'soak' }), (it) => it.close());
    const inspector = cleanup.adopt(await Inspector.open(inspectorOf(operator)), async (it) => it.close());
    return new Yard(lab, client, ways, operator, inspector, extent);
  }

  /** Pushes a chart under every tag and creates every release. */
  async fill(): Promise<void> {
    const { tags, releases } = this.#extent;
    for (let tag = 0; tag < tags; tag += 1) await this.act({ kind: 'push', tag, chart: 'good' });
    await inFlight([...Array(releases).keys()], IN_FLIGHT, (release) => this.#create(release));
  }

  /** Does it. Rejects where people would be refused, too. */
  async act(act: Act): Promise<void> {
    switch (act.kind) {
      case 'push':
        return this.#push(act);
      case 'values':
        return this.#patchRelease(act.release, { spec: { values: { greeting: `hello ${this.#pushes} ${Date.now()}` } } });
      case 'edit':
        return this.#patch(`/api/v1/namespaces/${NAMESPACE}/configmaps/${nameOf(act.release)}`, { data: { greeting: 'edited by hand' } });
      case 'suspend':
        return this.#suspend(act.release, !this.#suspended.has(act.release));
      case 'recreate':
        await kubectl(this.#lab, ['delete', PLURAL, nameOf(act.release), '--namespace', NAMESPACE, '--timeout=50s']);
        this.#suspended.delete(act.release);
        return this.#create(act.release);
      case 'helm rollback':
        await helm(this.#lab, ['rollback', nameOf(act.release), '--namespace', NAMESPACE]);
        return undefined;
      case 'cut':
        this.#ways[act.way].cut();
        await delay(act.ms);
        return this.#ways[act.way].mend();
      case 'trouble':
        return this.#trouble(act);
      case 'kill engine': {
        const [engine] = childrenOf(this.operator.pid);
        if (engine !== undefined) process.kill(engine, 'SIGKILL');
        return undefined;
      }
    }
  }

  /** Takes back what holds releases up, and moves every tag to a chart that works. */
  async calm(): Promise<void> {
    for (const release of [...this.#suspended]) await this.#suspend(release, false);
    for (let tag = 0; tag < this.#extent.tags; tag += 1) await this.act({ kind: 'push', tag, chart: 'good' });
  }

  /** Resolves when every release runs what its tag points at; rejects with what some of them say after `patienceMs`. */
  async settled(patienceMs: number): Promise<void> {
    let behind: readonly string[] = [];
    for (const end = Date.now() + patienceMs; Date.now() < end; await delay(LOOK_MS)) {
      behind = await this.#behind();
      if (behind.length === 0) return;
    }
    throw new Error(`after ${patienceMs / 1000} s ${behind.length} releases do not run what their tag points at:\n  ${behind.slice(0, 5).join('\n  ')}`);
  }

  /** Releases whose records are not as Helm's are at rest: one deployed, none pending. */
  async disorders(): Promise<readonly string[]> {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets?labelSelector=owner%3Dhelm`;
    const { items } = JSON.parse(await this.#client.send({ method: 'GET', path, accept: METADATA_ONLY.replace('PartialObjectMetadata', 'PartialObjectMetadataList') })) as {
      readonly items: readonly SeenRecord[];
    }; // as the API server lists
    const statuses = Map.groupBy(items, ({ metadata }) => metadata.labels['name'] ?? '');
    return [...statuses].flatMap(([name, records]) => {
      const at = records.map(({ metadata }) => metadata.labels['status'] ?? '');
      const isInOrder = at.filter((status) => status === 'deployed').length === 1 && !at.some((status) => status.startsWith('pending-'));
      return isInOrder ? [] : [`${name}: ${at.join(', ')}`];
    });
  }

  async #behind(): Promise<readonly string[]> {
    const { items } = JSON.parse(await this.#client.send({ method: 'GET', path: releasesPath() })) as { readonly items: readonly SeenRelease[] }; // the CRD's own shape
    const missing = this.#extent.releases - items.length;
    const behind = items.flatMap(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      const wanted = this.#digests.get(this.#tagOf(Number(metadata.name.slice(1))));
      return ready?.status === 'True' && status?.chart?.digest === wanted ? [] : [`${metadata.name}: ${ready?.reason}: ${ready?.message}`];
    });
    return missing === 0 ? behind : [...behind, `${missing} are not there`];
  }

  async #push({ tag, chart }: Push): Promise<void> {
    this.#pushes += 1;
    const digest = await pushChart(this.#lab.registry, `soak/app${tag}`, TAG, smallChart('app', `1.0.${this.#pushes}`, filesOf(chart)));
    this.#digests.set(tag, digest);
  }

  async #trouble({ trouble, ms }: Extract<Act, { readonly kind: 'trouble' }>): Promise<void> {
    if (trouble === 'watches end') {
      this.#ways.api.endWatches();
      return;
    }
    let seen = 0;
    const isMeant = (): boolean => {
      seen += 1;
      return seen % OF_A_FEW === 0;
    };
    const steered = this.#ways.api.steer({ isMeant, fault: FAULTS[trouble] });
    await delay(ms);
    steered.lift();
  }

  async #create(release: number): Promise<void> {
    const spec = {
      chart: `${hostOf(this.#ways.registry)}/soak/app${this.#tagOf(release)}:${TAG}`,
      interval: INTERVAL,
      timeout: TIMEOUT,
      historyLimit: 5,
      drift: { mode: release % 2 === 0 ? 'Correct' : 'Warn' },
      values: { replicas: release % WITH_PODS === 0 ? 1 : 0, hook: release % WITH_HOOK === 0 },
    };
    const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name: nameOf(release) }, spec };
    await this.#client.send({ method: 'POST', path: releasesPath(), body: JSON.stringify(body) });
  }

  async #suspend(release: number, suspend: boolean): Promise<void> {
    await this.#patchRelease(release, { spec: { suspend } });
    if (suspend) this.#suspended.add(release);
    else this.#suspended.delete(release);
  }

  #patchRelease(release: number, change: unknown): Promise<void> {
    return this.#patch(`${releasesPath()}/${nameOf(release)}`, change);
  }

  async #patch(path: string, change: unknown): Promise<void> {
    await this.#client.send({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body: JSON.stringify(change) });
  }

  #tagOf(release: number): number {
    return release % this.#extent.tags;
  }
}

const nameOf = (release: number): string => `r${String(release).padStart(4, '0')}`;

const hostOf = ({ server }: ApiProxy): string => new URL(server).host;

const releasesPath = (): string => `/apis/${GROUP}/${VERSION}/namespaces/${NAMESPACE}/${PLURAL}`;

/** Node says it on standard error before the program begins. */
const inspectorOf = (operator: Operator): string => {
  const address = /ws:\/\/\S+/.exec(operator.log().join('\n'))?.[0];
  if (address === undefined) throw new Error('the operator was started with --inspect and names no address');
  return address;
};
