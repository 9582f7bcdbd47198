import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ApiClient } from '../bench/api-client.ts';
import { type ApiProxy, startApiProxy } from '../lab/api-proxy.ts';
import { writeKubeconfig } from '../lab/credentials.ts';
import type { Change } from '../lab/history.ts';
import type { Ground } from '../lab/ground.ts';
import { launchOperator, type Operator } from '../lab/operator.ts';
import type { Recorder, Track } from '../lab/recorder.ts';
import { Trial, type Venue } from './trial.ts';

/** What lanes stand on. */
export interface Base extends Ground {
  readonly recorder: Recorder;
  /** How long a release may take from the start of an operator until it is where it has to be. */
  readonly recoveryMs: number;
}

const PATIENCE_MS = 120_000;
const CONNECTIONS = 4;

/** Operators of a namespace, one after the other, each of which reaches the API server through the same proxy. */
export class Lane implements Venue {
  readonly lab: Venue['lab'];
  readonly namespace: string;
  readonly client: ApiClient;
  readonly track: Track;
  readonly proxy: ApiProxy;
  readonly #program: string;
  readonly #config: string;
  readonly #kubeconfig: string;
  readonly #trials = new Map<string, Trial>();
  /** What happened to objects that are of no trial. */
  readonly #others: Change[] = [];
  #count = 0;
  #operator: Operator | undefined;

  private constructor(base: Base, namespace: string, client: ApiClient, proxy: ApiProxy) {
    this.lab = base.lab;
    this.namespace = namespace;
    this.client = client;
    this.proxy = proxy;
    this.#program = base.operatorProgram;
    this.#config = path.join(this.lab.dir, `operator-${namespace}.yaml`);
    this.#kubeconfig = path.join(this.lab.dir, `kubeconfig-${namespace}`);
    this.track = base.recorder.track((key) => key.includes(namespace));
    this.track.onChange((change) => this.#hear(change));
  }

  /** Opens a namespace with things in it that are nobody's, and starts the first operator. */
  static async open(base: Base): Promise<Lane> {
    const { server, caFile, token } = base.lab;
    const ca = await readFile(caFile, 'utf8');
    const proxy = await startApiProxy({ server, ca });
    const client = new ApiClient({ server, token, ca }, { connections: CONNECTIONS, userAgent: 'crash' });
    const lane = new Lane(base, `crash-${randomBytes(3).toString('hex')}`, client, proxy);
    await lane.#furnish();
    await lane.start().ready;
    return lane;
  }

  async #furnish(): Promise<void> {
    const { namespace, client, lab } = this;
    await writeFile(this.#config, JSON.stringify({ plainHttpHosts: [lab.registry] }));
    writeKubeconfig(this.#kubeconfig, { server: this.proxy.server, token: lab.token, ca: '' });
    await client.send({ method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }) });
    const bystanders = [
      { at: 'configmaps', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bystander' }, data: { greeting: 'hello' } } },
      { at: 'secrets', object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bystander' }, stringData: { password: 'none' } } },
    ];
    for (const { at, object } of bystanders) await client.send({ method: 'POST', path: `/api/v1/namespaces/${namespace}/${at}`, body: JSON.stringify(object) });
    // Pods are refused until then.
    if (!(await this.track.until(() => this.track.now(`/registry/serviceaccounts/${namespace}/default`) !== undefined, PATIENCE_MS)))
      throw new Error(`namespace ${namespace} has no ServiceAccount default after ${PATIENCE_MS / 1000} s`);
  }

  #hear(change: Change): void {
    const trial = this.#trials.get(tokenIn(change.key));
    const isOthers = trial === undefined && !change.key.startsWith('/registry/events/');
    if (isOthers) this.#others.push(change);
    for (const one of isOthers ? this.#trials.values() : [trial]) one?.hear(change);
  }

  /** Starts an operator; what it writes passes the proxy. */
  start(): { readonly operator: Operator; readonly ready: Promise<void> } {
    const options = { namespaces: [this.namespace], args: ['--engines', '1', '--log-level', 'debug'], program: this.#program };
    const launched = launchOperator({ kubeconfig: this.#kubeconfig, operatorConfig: this.#config }, options);
    this.#operator = launched.operator;
    return launched;
  }

  get operator(): Operator {
    if (this.#operator === undefined) throw new Error('the lane was not opened');
    return this.#operator;
  }

  /** Begins with a release of a name that no other has. */
  begin(): Trial {
    this.#count += 1;
    const trial = new Trial(this, `r${String(this.#count).padStart(4, '0')}`, this.#others);
    this.#trials.set(trial.release, trial);
    return trial;
  }

  forget(trial: Trial): void {
    this.#trials.delete(trial.release);
  }

  /** The operator first: without an API server it would wait. */
  async close(): Promise<void> {
    await this.#operator?.kill();
    this.track.end();
    await this.proxy.close();
    await this.client.close();
  }
}

/** The name of a trial's release in a key or a path. */
export const tokenIn = (text: string): string => /(?<![a-z0-9])r\d{4}(?![a-z0-9])/.exec(text)?.[0] ?? '';
