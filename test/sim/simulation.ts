import { GROUP, PLURAL } from '../../src/api/chart-release.ts';
import type { Renderer } from '../../src/ports/renderer.ts';
import { settle } from '../fakes/clock.ts';
import { type Random, seeded } from '../seeded.ts';
import { LEASES } from './api/kinds.ts';
import { ApiServer, type Request } from './api/server.ts';
import type { Commit } from './api/store.ts';
import { Faults, type Weather } from './faults.ts';
import type { NetworkOptions } from './network.ts';
import { SimulatedRegistry } from './registry.ts';
import { HOME, LEASE, Replica, type Surroundings } from './replica.ts';
import { type Life, Timeline } from './timeline.ts';
import { Uptime } from './uptime.ts';
import { playWorkloads } from './workloads.ts';

/** Where everything is. */
export const NAMESPACE = 'apps';

/** A course has some thousands of them. */
const MOST_HAPPENINGS = 200_000;
const BEGIN = Date.UTC(2026, 0, 1);

/** What a simulation begins with. */
export interface Setting {
  readonly weather: Weather;
  readonly replicas: number;
  readonly renderer: Renderer;
}

/** A cluster, a registry and operators in them, in a time of their own. */
export class Simulation {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly server: ApiServer;
  readonly uptime: Uptime;
  readonly registry: SimulatedRegistry;
  readonly faults: Faults;
  /** Undefined where nobody listens: lines cost time. */
  readonly #tell: ((line: string) => void) | undefined;
  readonly #surroundings: Surroundings;
  readonly #problems: string[] = [];
  /** All that there have been. */
  readonly #replicas: Replica[] = [];
  readonly #isElected: boolean;
  #processes = 0;
  #happenings = 0;
  /** Runs of releases that have begun, and writes of operators that have changed something. */
  runs = 0;
  writes = 0;

  constructor(seed: number, { weather, replicas, renderer }: Setting, tell?: (line: string) => void) {
    this.#isElected = replicas > 1;
    this.random = seeded(seed);
    this.#tell = tell;
    this.timeline = new Timeline(BEGIN, this.random);
    this.server = new ApiServer(() => this.timeline.now);
    this.uptime = new Uptime(this.timeline);
    this.faults = new Faults(this.random, weather);
    this.registry = new SimulatedRegistry(this.timeline, () => this.faults.latencyMs());
    const network: NetworkOptions = {
      server: this.server,
      uptime: this.uptime,
      timeline: this.timeline,
      faults: this.faults,
      arrived: (request, answer, from) => this.#note(request, answer.status, from),
    };
    this.#surroundings = {
      network,
      registry: this.registry,
      renderer,
      random: this.random,
      logger: this.#logger(),
      isElected: this.#isElected,
      ran: () => this.#count(),
      ended: (replica, why) => this.#end(replica, why),
    };
    if (tell !== undefined) this.server.store.listen((commit) => tell(`    #${commit.at} ${printCommit(commit)}`));
    playWorkloads(this.server, this.timeline, this.random);
    for (const name of [NAMESPACE, HOME]) this.ask('POST', '/api/v1/namespaces', { metadata: { name } });
    this.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { metadata: { name: `${PLURAL}.${GROUP}` } });
  }

  /** What operators have complained about as faults of their own. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Starts a process of the operator. */
  start(): void {
    this.#processes += 1;
    this.tell(() => `process ${this.#processes} starts`);
    this.#replicas.push(new Replica(this.#surroundings, `operator-${this.#processes}`));
  }

  /** To be called once, and last. */
  async close(): Promise<void> {
    for (const replica of this.#replicas) await replica.close();
    await settle();
  }

  /** Ends one of them as kill -9 does; another one begins soon. */
  kill(): void {
    const replica = this.#anyReplica();
    if (replica === undefined) return;
    replica.kill();
    this.#end(replica, 'it is killed');
  }

  /** Stops one of them for a while, as SIGSTOP does. */
  freeze(): void {
    const replica = this.#anyReplica();
    if (replica === undefined) return;
    replica.sleepsUntil = this.timeline.now + Math.ceil(120_000 * this.random());
    this.tell(() => `${replica.instance} stops until ${replica.sleepsUntil - BEGIN}`);
  }

  /** None is stopped. */
  get areAllAwake(): boolean {
    return this.#replicas.every(({ isOver, sleepsUntil }) => isOver || sleepsUntil <= this.timeline.now);
  }

  #anyReplica(): Replica | undefined {
    const alive = this.#replicas.filter(({ isOver }) => !isOver);
    return alive[Math.floor(this.random() * alive.length)];
  }

  #end(replica: Replica, why: string): void {
    this.tell(() => `${replica.instance} ends: ${why}`);
    this.timeline.after(this.random() * 20_000, 'a process begins', () => this.start());
  }

  /** Lets everything happen that happens within so many milliseconds; ends early where `isEnough` says so. */
  async pass(forMs: number, isEnough: () => boolean = () => false): Promise<void> {
    const until = this.timeline.now + forMs;
    await settle();
    while (!isEnough()) {
      this.#happenings += 1;
      if (this.#happenings > MOST_HAPPENINGS) throw new Error(`${MOST_HAPPENINGS} things have happened, and it does not come to an end`);
      const what = this.timeline.step(until);
      if (what === undefined) return;
      this.#tell?.(`${this.timeline.now - BEGIN} ${what}`);
      await settle();
    }
  }

  /** A request of a person, or of anybody but the operator: answered at once. */
  ask(method: string, path: string, body?: unknown, contentType = 'application/merge-patch+json'): { readonly status: number; readonly object: unknown } {
    const headers = { accept: 'application/json', 'content-type': method === 'PATCH' ? contentType : 'application/json' };
    const answer = this.server.answer({ method, path, headers, body: body === undefined ? '' : JSON.stringify(body) }, 'Person');
    if (method !== 'GET') this.tell(() => `somebody: ${method} ${path} ${JSON.stringify(body)}: ${answer.status}`);
    return { status: answer.status, object: JSON.parse(answer.body) };
  }

  /** Says what happens now. */
  tell(what: () => string): void {
    this.#tell?.(`${this.timeline.now - BEGIN} ${what()}`);
  }

  #count(): void {
    this.runs += 1;
  }

  #note({ method, path, body }: Request, status: number, from: Life): void {
    const isWrite = method !== 'GET' && !path.includes('dryRun=All') && !path.includes('/leases');
    if (isWrite) this.writes += 1;
    if (isWrite && this.#isElected) this.#checkLeader(from as Replica, `${method} ${path}`); // nobody else has a network
    this.#tell?.(`  ${method} ${path.split('?')[0]}${isWrite ? ` ${body.slice(0, 400)}` : ''}: ${status}`);
  }

  #checkLeader(replica: Replica, what: string): void {
    const spec = this.server.store.get(LEASES, `${HOME}/${LEASE}`)?.['spec'] as
      | { readonly holderIdentity: string; readonly renewTime: string; readonly leaseDurationSeconds: number }
      | undefined;
    const isHeld = spec?.holderIdentity === replica.instance && this.timeline.now < Date.parse(spec.renewTime) + spec.leaseDurationSeconds * 1000;
    if (!isHeld) this.#problems.push(`I7: ${replica.instance} wrote ${what} while ${spec?.holderIdentity ?? 'nobody'} held the Lease`);
  }

  #logger() {
    const say = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
      if (level === 'error') this.#problems.push(`${message}: ${printed(fields)}`);
      this.#tell?.(`  ${level}: ${message} ${printed(fields)}`);
    };
    const logger = { debug: () => undefined, info: say('info'), warn: say('warn'), error: say('error'), with: () => logger };
    return logger;
  }
}

const printCommit = ({ kind, before, after, by }: Commit): string => {
  const { name, labels } = (after ?? before)?.metadata ?? { name: '' };
  return `${by}: ${kind.kind} ${name}${labels?.['owner'] === 'helm' ? ` ${labels['status']}` : ''}${after === undefined ? ' is gone' : ''}`;
};

const printed = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key}=${value instanceof Error ? value.stack : JSON.stringify(value)}`)
    .join(' ');
