import { setTimeout as delay } from 'node:timers/promises';
import { helm, helm3 } from '../lab/run.ts';
import { namespaceComplaints, NAMESPACE_MS, recoveryComplaints, restComplaints } from './bounds.ts';
import { leaksIn } from './canary.ts';
import { BACK_TO, deedComplaints, type HelmDeed, helmComplaints, leavingsOf, type StockHelm, viewOf } from './helm-view.ts';
import type { Invariant } from './invariants.ts';
import type { Lane } from './lane.ts';
import { type Life, watchLife } from './life.ts';
import { type Point, printPoint } from './points.ts';
import { SCENARIO, type Scenario } from './scenarios.ts';
import type { Live } from './steps.ts';
import type { Trial } from './trial.ts';

/** What came of one run. */
export interface Ran {
  /** Writes of the scenario up to the first kill, or all of them. */
  readonly writes: number;
  /** Whether every write came about which the operator was to be killed. */
  readonly isReached: boolean;
  /** From the start of the last operator; undefined where none was started. */
  readonly recoveryMs: number | undefined;
}

/** A release that is where its scenario leads, and rests. */
export interface Rested {
  readonly trial: Trial;
  readonly point: Point;
  readonly stepsAtEnd: number;
  /** Objects that a person's helm has left to nobody. */
  readonly leavings: readonly Live[];
}

/** For what is no promise. */
export const PATIENCE_MS = 120_000;
const QUIET_MS = 400;
/** How soon what helm has written is seen in etcd. */
const SEEN_MS = 5_000;

const HELM_4: StockHelm = { name: 'helm 4', run: helm, all: [] };
const HELM_3: StockHelm = { name: 'helm 3', run: helm3, all: ['--all'] };

/** Whether a person does something with helm at the crash. */
export const isByHand = ({ deed }: Point): boolean => deed === 'rollback' || deed === 'uninstall';

/** One scenario with its kills. */
export class Run {
  readonly trial: Trial;
  readonly #lane: Lane;
  readonly #point: Point;
  readonly #scenario: Scenario;
  readonly #recoveryMs: number;
  readonly #find: (invariant: Invariant, messages: readonly string[]) => void;
  readonly #logs: string[] = [];
  #meanwhile: Promise<void> = Promise.resolve();
  #endedAt = 0;
  #leavings: readonly Live[] = [];

  constructor(lane: Lane, point: Point, recoveryMs: number, find: (invariant: Invariant, messages: readonly string[]) => void) {
    this.#lane = lane;
    this.#point = point;
    this.#scenario = SCENARIO[point.scenario];
    this.#recoveryMs = recoveryMs;
    this.#find = find;
    this.trial = lane.begin();
  }

  get leavings(): readonly Live[] {
    return this.#leavings;
  }

  async prepare(): Promise<void> {
    await this.#scenario.prepare(this.trial);
  }

  async go(rested: readonly Rested[]): Promise<Ran> {
    const { kills } = this.#point;
    const lives: Life[] = [];
    let isReached = true;
    let recoveryMs: number | undefined;
    for (const [at, kill] of kills.length === 0 ? [[0, undefined] as const] : kills.entries()) {
      const life = watchLife(this.#lane, this.trial.release, kill);
      lives.push(life);
      const began = Date.now();
      let ready = Promise.resolve();
      if (at === 0) await this.#change();
      else ready = this.#lane.start().ready.catch(() => undefined); // it may end before it is ready
      isReached = await this.#isOver(life, ready);
      // It was started after a kill, and is to be held to its time all the same.
      if (!isReached && at > 0) recoveryMs = this.#recovered(began, this.#endedAt);
      if (!isReached) break;
      this.#logs.push(...this.#lane.operator.log());
      this.#lane.proxy.mend();
    }
    if (isReached && kills.length > 0) recoveryMs = await this.#recover(lives);
    await this.#meanwhile;
    await this.#look(
      rested,
      lives.slice(1).flatMap(({ others }) => others),
    );
    return { writes: lives[0]?.own.length ?? 0, isReached: isReached || kills.length === 0, recoveryMs };
  }

  async #change(): Promise<void> {
    const { meanwhile, change } = this.#scenario;
    await change(this.trial);
    if (meanwhile === undefined) return;
    const isOpen = (): boolean => this.trial.records.some(({ revision }) => revision === 2);
    this.#meanwhile = this.#lane.track.until(isOpen, PATIENCE_MS).then((is) => (is ? meanwhile(this.trial) : undefined));
    this.#meanwhile.catch(() => undefined); // it is awaited later
  }

  /** True when the operator has ended about its write; false when the scenario is over before, and nothing more is written. */
  async #isOver(life: Life, ready: Promise<void>): Promise<boolean> {
    await Promise.race([life.over, this.#lane.track.until(() => life.isStruck() || this.trial.isAt(this.#scenario.end), PATIENCE_MS)]);
    this.#endedAt = Date.now();
    // Who ended before has left it so, and this one has not begun yet.
    await Promise.race([life.over, ready]);
    for (let seen = -1; seen !== life.own.length && !life.isStruck(); ) {
      seen = life.own.length;
      await Promise.race([life.over, delay(QUIET_MS)]);
    }
    if (life.isStruck()) {
      await life.over;
      return true;
    }
    watchLife(this.#lane, this.trial.release, undefined); // it lives on
    if (!this.trial.isAt(this.#scenario.end)) this.#find('I9', [`without a kill it does not come to its end: ${this.trial.describe()}`]);
    return false;
  }

  /** Starts the last operator; what it writes is kept. */
  async #recover(lives: Life[]): Promise<number | undefined> {
    const { deed } = this.#point;
    if (deed === 'rollback' || deed === 'uninstall') await this.#doByHelm(deed);
    if (deed !== 'namespace' && deed !== undefined) await this.#lookByHelm();
    if (deed === 'namespace') return this.#leaveNamespace(lives);
    lives.push(watchLife(this.#lane, this.trial.release, undefined));
    const began = Date.now();
    await this.#lane.start().ready;
    const isThere = await this.#lane.track.until(() => (isByHand(this.#point) ? this.#isCalm : this.trial.isAt(this.#scenario.end)), PATIENCE_MS);
    return this.#recovered(began, isThere ? Date.now() : undefined);
  }

  #recovered(began: number, ended: number | undefined): number | undefined {
    const ms = ended === undefined ? undefined : ended - began;
    this.#find('I9', recoveryComplaints(ms, this.#recoveryMs, this.trial.describe()));
    return ms;
  }

  async #leaveNamespace(lives: Life[]): Promise<number> {
    const { client, namespace, track } = this.#lane;
    lives.push(watchLife(this.#lane, this.trial.release, undefined));
    await client.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
    const began = Date.now();
    this.#lane.start().ready.catch(() => undefined);
    const isGone = await track.until(() => track.now(`/registry/namespaces/${namespace}`) === undefined, NAMESPACE_MS);
    const ms = Date.now() - began;
    this.#find('I13', namespaceComplaints(isGone ? ms : undefined, this.trial.world.keys({ withHooks: true })));
    return ms;
  }

  /** After what a person did by hand: nothing is under way, and status has a word about the spec as it is. */
  get #isCalm(): boolean {
    const release = this.trial.world.release(this.trial.release);
    if (release === undefined) return this.#scenario.end.kind === 'Gone';
    return (
      release.observedGeneration === release.generation && release.reason !== 'Progressing' && release.reason !== '' && this.trial.world.pending(this.trial.release).length === 0
    );
  }

  /** Stock helm does what a person asks of it, wherever the operator has ended. */
  async #doByHelm(deed: HelmDeed): Promise<void> {
    const { lab, namespace, track } = this.#lane;
    const { release } = this.trial;
    const before = this.trial.records;
    if (deed === 'uninstall') this.#leavings = leavingsOf(before);
    const args = deed === 'rollback' ? ['rollback', release, BACK_TO] : ['uninstall', release];
    const [{ name, run }] = this.#helms;
    const failure = await run(lab, [...args, '--namespace', namespace]).then(() => undefined, String);
    const done = (): readonly string[] => deedComplaints(deed, before, this.trial.records, failure);
    await track.until(() => done().length === 0, SEEN_MS);
    this.#find(
      'I11',
      done().map((complaint) => `${name}: ${complaint}`),
    );
  }

  /** In turn: what is done is done by the first of them. */
  get #helms(): readonly [StockHelm, StockHelm] {
    const write = this.#point.kills[0]?.write ?? 0;
    return write % 2 === 0 ? [HELM_4, HELM_3] : [HELM_3, HELM_4];
  }

  /** What the helms say while no operator runs. */
  async #lookByHelm(): Promise<void> {
    const { lab, namespace } = this.#lane;
    const { release } = this.trial;
    const views = await Promise.all(this.#helms.map((one) => viewOf(lab, one, namespace, release)));
    for (const view of views) this.#find('I11', helmComplaints(release, this.trial.records, view));
  }

  /** What must hold besides the history: rest, and that no secret is seen. */
  async #look(rested: readonly Rested[], others: Life['others']): Promise<void> {
    if (this.#point.deed === 'namespace') return;
    // What comes of a person's helm was left on its way.
    const atRest = rested.filter(({ point }) => !isByHand(point));
    const moved = atRest.flatMap(({ trial, stepsAtEnd }) => trial.steps.slice(stepsAtEnd).filter(({ kind }) => kind === 'Record' || kind === 'Release'));
    // A failed revision that stays is applied again by an operator that starts, which changes nothing.
    const deployed = new Set(atRest.flatMap(({ trial }) => (trial.records.at(-1)?.status === 'deployed' ? [trial.release] : [])));
    const sent = others.flatMap(([release, what]) => (deployed.has(release) ? [what] : []));
    this.#find('I10', restComplaints([...sent, ...moved.map(({ key }) => `etcd: ${key}`)], rested.map(({ point }) => printPoint(point)).join()));
    this.#logs.push(...this.#lane.operator.log());
    const metrics = await (await fetch(`${this.#lane.operator.url('metrics')}/metrics`)).text();
    const sinks = new Map([
      ['a log', this.#logs.join('\n')],
      ['status, Events or metadata', this.trial.readable],
      ['metrics', metrics],
    ]);
    this.#find(
      'I12',
      leaksIn(sinks, this.trial.canary).map(({ sink, writing }) => `the secret value is in ${sink}, ${writing}`),
    );
  }
}
