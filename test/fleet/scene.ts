import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { ChartReleaseStatus } from '../../src/api/chart-release.ts';
import { ApiClient, inFlight } from '../bench/api-client.ts';
import { AuditLog } from '../bench/audit.ts';
import { cpuMsOf } from '../bench/proc.ts';
import { changesUnder } from '../lab/history.ts';
import { addDefinitions } from '../lab/definitions.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type Operator, startOperator } from '../lab/operator.ts';
import { pushChart, smallChart } from '../registry/push.ts';
import type { Files } from '../registry/tar.ts';
import type { Progress } from '../tools/progress.ts';
import { type Move, moveIn } from './moves.ts';
import { type Traffic, trafficIn } from './traffic.ts';

/** Every request is logged but watches. */
const AUDIT_POLICY = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'None', verbs: ['watch'] }, { level: 'Metadata' }] };
const IN_FLIGHT = 16;
const LOOK_MS = 1_000;
const TAG = 'stable';

/** Reasons of Ready, and how many releases have them. */
export type Reasons = Readonly<Record<string, number>>;

/** What the operator did in a while. */
export interface Span {
  readonly seconds: number;
  readonly traffic: Traffic;
  /** Of a core, while it took, in percent. */
  readonly cpuPercent: number;
}

/** A lab of which etcd and the audit log can tell what happened. */
export class Stage {
  readonly lab: Lab;
  readonly #audit: AuditLog;
  readonly #client: ApiClient;

  private constructor(lab: Lab, client: ApiClient, audit: AuditLog) {
    this.lab = lab;
    this.#client = client;
    this.#audit = audit;
  }

  static async open(dir: string, progress: Progress, cleanup: AsyncDisposableStack): Promise<Stage> {
    const [policy, log] = [path.join(dir, 'audit-policy.yaml'), path.join(dir, 'audit.log')];
    await writeFile(policy, JSON.stringify(AUDIT_POLICY));
    const audit = [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking', '--audit-log-maxsize=100000'];
    const history = ['--storage-media-type=application/json', '--etcd-compaction-interval=0'];
    const lab = cleanup.adopt(await startLab({ dir, progress, extraArgs: { 'kube-apiserver': [...audit, ...history] } }), (it) => it.stop());
    await addDefinitions(lab);
    const admin = { server: lab.server, token: lab.token, ca: await readFile(lab.caFile, 'utf8') };
    const client = cleanup.adopt(new ApiClient(admin, { connections: IN_FLIGHT, userAgent: 'fleet' }), (it) => it.close());
    return new Stage(lab, client, new AuditLog(log));
  }

  /** A namespace, and an operator that looks at it alone. */
  async scene(namespace: string, flags: readonly string[], cleanup: AsyncDisposableStack): Promise<Scene> {
    await this.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const operator = cleanup.adopt(await startOperator(this.lab, { namespaces: [namespace], args: flags }), (it) => it.stop());
    return new Scene(this, namespace, operator);
  }

  async send(method: 'GET' | 'POST', at: string, body?: unknown): Promise<unknown> {
    const answer = await this.#client.send({ method, path: at, ...(body !== undefined && { body: JSON.stringify(body) }) });
    return JSON.parse(answer);
  }

  /** Measures what an operator does meanwhile. */
  async during(operator: Operator, work: () => Promise<unknown>): Promise<Span> {
    const [from, cpuBefore, began] = [await this.#audit.end(), cpuMsOf(operator.pid) ?? 0, Date.now()];
    await work();
    const ms = Date.now() - began;
    const requests = (await this.#audit.since(from)).filter(({ userAgent }) => userAgent === 'tagalong');
    return { seconds: ms / 1000, traffic: trafficIn(requests), cpuPercent: (((cpuMsOf(operator.pid) ?? 0) - cpuBefore) / ms) * 100 };
  }
}

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly status?: ChartReleaseStatus }[];
}

/** Releases of one chart in one namespace. */
export class Scene {
  readonly operator: Operator;
  readonly #stage: Stage;
  readonly #namespace: string;

  constructor(stage: Stage, namespace: string, operator: Operator) {
    this.#stage = stage;
    this.#namespace = namespace;
    this.operator = operator;
  }

  /** Points the tag that all follow at a chart of that version; returns its digest. */
  push(version: string, files: Files = {}): Promise<string> {
    return pushChart(this.#stage.lab.registry, `${this.#namespace}/app`, TAG, smallChart('app', version, files));
  }

  /** Creates so many releases. */
  async create(count: number, timeout: string): Promise<void> {
    const spec = { chart: `${this.#stage.lab.registry}/${this.#namespace}/app:${TAG}`, interval: '10s', timeout };
    await inFlight(namesOf(count), IN_FLIGHT, async (name) => {
      await this.#stage.send('POST', this.#releases(), { apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', metadata: { name }, spec });
    });
  }

  /** How many releases are there for which reason. */
  async reasons(): Promise<Reasons> {
    const { items } = (await this.#stage.send('GET', this.#releases())) as Listed; // the CRD's own shape
    const counts: Record<string, number> = {};
    for (const { status } of items) {
      const reason = status?.conditions?.find(({ type }) => type === 'Ready')?.reason ?? 'none yet';
      counts[reason] = (counts[reason] ?? 0) + 1;
    }
    return counts;
  }

  /** Resolves when that is so; rejects with what is after `patienceMs`. */
  async until(isSo: (reasons: Reasons) => boolean, patienceMs: number): Promise<Reasons> {
    let reasons: Reasons = {};
    for (const end = Date.now() + patienceMs; Date.now() < end; await delay(LOOK_MS)) {
      reasons = await this.reasons();
      if (isSo(reasons)) return reasons;
    }
    throw new Error(`after ${patienceMs / 1000} s the releases say ${JSON.stringify(reasons)}`);
  }

  /** What etcd has seen of a move to this digest. */
  async move(digest: string): Promise<Move> {
    await this.#stage.send('POST', `/api/v1/namespaces/${this.#namespace}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'last' } });
    const prefix = `/registry/secrets/${this.#namespace}/`;
    return moveIn(await changesUnder(this.#stage.lab.etcd, prefix, `${prefix}last`), digest, { isUndone: true });
  }

  /** Releases of which the deployed record has another manifest than the first revision's, or whose ConfigMap is of another version. */
  async notBack(count: number, version: string): Promise<readonly string[]> {
    const found: string[] = [];
    await inFlight(namesOf(count), IN_FLIGHT, async (name) => {
      const { status } = (await this.#stage.send('GET', `${this.#releases()}/${name}`)) as Listed['items'][number]; // the CRD's own shape
      const { data } = (await this.#stage.send('GET', `/api/v1/namespaces/${this.#namespace}/configmaps/${name}`)) as { readonly data: Readonly<Record<string, string>> }; // a ConfigMap
      const isSame = (await this.#manifest(name, 1)) === (await this.#manifest(name, status?.revision ?? 0));
      if (!isSame || data['version'] !== version) found.push(name);
    });
    return found;
  }

  async #manifest(name: string, revision: number): Promise<string> {
    const at = `/api/v1/namespaces/${this.#namespace}/secrets/sh.helm.release.v1.${name}.v${revision}`;
    const { data } = (await this.#stage.send('GET', at)) as { readonly data: { readonly release: string } }; // Helm's own shape
    const json = gunzipSync(Buffer.from(Buffer.from(data.release, 'base64').toString(), 'base64')).toString();
    return (JSON.parse(json) as { readonly manifest: string }).manifest; // Helm's own shape
  }

  #releases(): string {
    return `/apis/tagalong.dev/v1beta1/namespaces/${this.#namespace}/chartreleases`;
  }
}

const namesOf = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `r${String(at).padStart(4, '0')}`);
