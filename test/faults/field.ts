import { readFile } from 'node:fs/promises';
import { INVARIANTS, violationsIn } from '../crash/invariants.ts';
import type { Step } from '../crash/steps.ts';
import { siteHistory } from '../crash/site-history.ts';
import { World } from '../crash/world.ts';
import { type ApiProxy, startApiProxy } from '../lab/api-proxy.ts';
import type { Ground } from '../lab/ground.ts';
import { conditionIn, openSiteOn, type Site } from '../lab/site.ts';
import { faultChart, type Making } from './chart.ts';

/** What is wrong with a release, and by which run that was found. */
export interface Finding {
  readonly run: string;
  readonly message: string;
}

/** One release of a field, from the first thing that is done to it on. */
export interface Subject {
  /** The run it is for. */
  readonly run: string;
  readonly release: string;
  /** Revisions that there must be at the end, in order. */
  revisions: readonly number[];
  /** Somebody edits its objects, so that they are not as any record has them for a while. */
  isEdited: boolean;
}

/** A namespace whose operator reaches the API server through a proxy; runs go through it one after the other, each with a release of its own. */
export class Field {
  readonly site: Site;
  readonly #proxy: ApiProxy | undefined;
  readonly #subjects = new Map<string, Subject>();
  /** Digests by release and version: `t001 1.0.0`. */
  readonly #pushed = new Map<string, string>();

  private constructor(site: Site, proxy: ApiProxy | undefined) {
    this.site = site;
    this.#proxy = proxy;
  }

  get proxy(): ApiProxy {
    if (this.#proxy === undefined) throw new Error('there is no proxy in this field');
    return this.#proxy;
  }

  static async open(ground: Ground, name: string): Promise<Field> {
    const { server, caFile } = ground.lab;
    const proxy = await startApiProxy({ server, ca: await readFile(caFile, 'utf8') });
    return new Field(await openSiteOn(ground, name, { server: proxy.server }), proxy);
  }

  /** The same without a proxy in between: the operator meets with the API server itself, as the user of the token. */
  static async openDirect(ground: Ground, name: string, token: string): Promise<Field> {
    return new Field(await openSiteOn(ground, name, { token }), undefined);
  }

  /** A release of a name that no other has. */
  subject(run: string): Subject {
    const subject = { run, release: `t${String(this.#subjects.size + 1).padStart(3, '0')}`, revisions: [], isEdited: false };
    this.#subjects.set(subject.release, subject);
    return subject;
  }

  /** Points the tag that the release follows at another version of its chart. */
  async push({ release }: Subject, revision: number, making: Making = {}): Promise<void> {
    const version = `${revision}.0.0`;
    this.#pushed.set(`${release} ${version}`, await this.site.push(release, 'stable', faultChart(release, version, making)));
  }

  /** Applies its ChartRelease. */
  follow({ release }: Subject, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    return this.site.release(release, { chart: this.site.reference(release, 'stable'), ...spec });
  }

  /** Installed, as nothing disturbs it. */
  async install(subject: Subject, spec: Readonly<Record<string, unknown>> = {}, making: Making = {}): Promise<void> {
    await this.push(subject, 1, making);
    await this.follow(subject, spec);
    await this.site.ready(subject.release, 1);
  }

  /** Whether its status says Ready at this revision, of the digest that was pushed for it. */
  async isReadyAt({ release }: Subject, revision: number): Promise<boolean> {
    const seen = await this.site.seen(release);
    const status = seen?.status ?? {};
    const isReady = conditionIn(status, 'Ready')?.status === 'True' && status.observedGeneration === seen?.metadata.generation;
    return isReady && status.revision === revision && status.chart?.digest === this.#pushed.get(`${release} ${revision}.0.0`);
  }

  /** Whether what failed was undone by this revision. */
  async isUndoneBy({ release }: Subject, revision: number): Promise<boolean> {
    const status = (await this.site.seen(release))?.status ?? {};
    return status.revision === revision && conditionIn(status, 'Ready')?.reason === 'RolledBack';
  }

  /** Its Pods as they are, each with when it became so: what the operator waits for may be late itself. */
  async podsOf(subject: Subject): Promise<readonly string[]> {
    const { items } = JSON.parse(await this.site.ask('GET', `/api/v1/namespaces/${this.site.namespace}/pods`)) as { readonly items: readonly Pod[] };
    return items
      .filter((pod) => isOf(subject, pod))
      .map(
        ({ metadata, status }) =>
          `Pod ${metadata.name}: ${status.phase} ${status.conditions?.map(({ type, status, lastTransitionTime }) => `${type}=${status} ${lastTransitionTime}`).join(' ')}`,
      );
  }

  /** The watches of the operator begin anew with a list, as when the API server has forgotten where they were. Returns when all have asked, how many were told so. */
  async relist(): Promise<number> {
    const before = this.proxy.passed.length;
    const open = this.proxy.endWatches();
    const steered = this.proxy.steer({ isMeant: ({ verb }) => verb === 'watch', times: open, fault: { kind: 'Answer', status: 410, body: GONE } });
    await this.site.eventually('the watches are asked for anew', async () => this.proxy.passed.slice(before).filter(({ verb }) => verb === 'watch').length >= open);
    steered.lift();
    return steered.strikes();
  }

  /** Ends the operator, and says where the history of all releases is not as it must be. To be called once, and last. */
  async close(): Promise<readonly Finding[]> {
    const steps = await siteHistory(this.site);
    await this.#proxy?.close();
    return [...this.#breaches(steps), ...[...this.#subjects.values()].flatMap((subject) => endComplaints(subject, steps).map((message) => ({ run: subject.run, message })))];
  }

  #breaches(steps: readonly Step[]): readonly Finding[] {
    return violationsIn(steps, this.#pushed).flatMap(({ invariant, at, release, message }) => {
      const subject = this.#subjects.get(release);
      if (subject?.isEdited === true && (invariant === 'I5' || invariant === 'I6')) return [];
      return [{ run: subject?.run ?? 'none', message: `${invariant} (${INVARIANTS[invariant]}): ${message}, etcd revision ${at}` }];
    });
  }
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: { readonly phase: string; readonly conditions?: readonly { readonly type: string; readonly status: string; readonly lastTransitionTime: string }[] };
}

/** Whether an object, or a record, is of the release, by its name. */
export const isOf = ({ release }: Subject, { metadata }: { readonly metadata: { readonly name?: string } }): boolean => metadata.name?.split(/[.-]/).includes(release) === true;

export const GONE = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 410, reason: 'Expired', message: 'too old resource version' };

const endComplaints = ({ release, revisions }: Subject, steps: readonly Step[]): readonly string[] => {
  const world = new World();
  const made = new Set<number>();
  for (const step of steps) {
    world.take(step);
    if (step.kind === 'Record' && step.now?.release === release) made.add(step.now.revision);
  }
  const pending = world.pending(release).map(({ revision, status }) => `revision ${revision} is ${status} at the end`);
  return [...made].join() === revisions.join() ? pending : [...pending, `revisions ${[...made].join(', ')} were made, and not ${revisions.join(', ')}`];
};
