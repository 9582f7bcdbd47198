import { type Invariant, violationsIn } from './invariants.ts';
import { type Base, Lane } from './lane.ts';
import type { Point } from './points.ts';
import { isByHand, PATIENCE_MS, type Ran, type Rested, Run } from './run.ts';

/** Something that must not be, and where it was. */
export interface Found {
  readonly point: Point;
  readonly invariant: Invariant;
  readonly message: string;
}

/** Does one run after the other, in one lane for as long as all is well. */
export class Runner {
  readonly #base: Base;
  readonly #found: (found: Found) => void;
  #lane: Lane | undefined;
  /** Each rests for as long as the next run takes, and goes then. */
  #rested: Rested[] = [];

  constructor(base: Base, found: (found: Found) => void) {
    this.#base = base;
    this.#found = found;
  }

  /** One run. What it finds out about the releases of earlier runs is told of those. */
  async run(point: Point): Promise<Ran> {
    const lane = this.#lane ?? (await Lane.open(this.#base));
    this.#lane = lane;
    let isSpoilt = false;
    const find: Find = (where, invariant, messages) => {
      this.#tell(where, invariant, messages);
      isSpoilt ||= messages.length > 0;
    };
    const run = new Run(lane, point, this.#base.recoveryMs, (invariant, messages) => find(point, invariant, messages));
    try {
      await Promise.all([run.prepare(), this.#letGo(1, find)]);
      const ran = await run.go(this.#rested);
      this.#rested.push({ trial: run.trial, point, stepsAtEnd: run.trial.steps.length, leavings: run.leavings });
      if (point.deed === 'namespace') this.#rested = [];
      if (isSpoilt || point.deed === 'namespace') await this.close();
      return ran;
    } catch (error) {
      find(point, 'I9', [error instanceof Error ? error.message : String(error)]);
      await this.close();
      return { writes: 0, isReached: false, recoveryMs: undefined };
    }
  }

  /** Lets the last releases go, and ends the operator. */
  async close(): Promise<void> {
    const lane = this.#lane;
    if (lane === undefined) return;
    this.#lane = undefined;
    const rested = this.#rested;
    this.#rested = [];
    try {
      for (const one of rested) await letGo(lane, one, this.#tell);
    } finally {
      await lane.close();
    }
  }

  readonly #tell: Find = (point, invariant, messages) => {
    for (const message of messages) this.#found({ point, invariant, message });
  };

  /** All but so many. */
  async #letGo(kept: number, find: Find): Promise<void> {
    while (this.#rested.length > kept && this.#lane !== undefined) {
      const [oldest] = this.#rested.splice(0, 1);
      if (oldest !== undefined) await letGo(this.#lane, oldest, find);
    }
  }
}

type Find = (where: Point, invariant: Invariant, messages: readonly string[]) => void;

/** Deletes a ChartRelease, sees that nothing stays, and judges all that ever happened to it. */
const letGo = async (lane: Lane, { trial, point, leavings }: Rested, find: Find): Promise<void> => {
  if (trial.world.release(trial.release) !== undefined) await trial.remove();
  // Nobody sees to a hook that was under way when a person's helm came in between.
  const left = (): readonly string[] => trial.world.keys({ withHooks: !isByHand(point), except: leavings });
  if (!(await lane.track.until(() => left().length === 0, PATIENCE_MS))) find(point, 'I6', [`left after the uninstall: ${left().join(', ')}`]);
  // Helm's own order of writes is another one, and what it makes is not marked.
  if (!isByHand(point)) for (const { invariant, message, at } of violationsIn(trial.steps, trial.pushed)) find(point, invariant, [`${message} (etcd revision ${at})`]);
  await trial.clearAway();
  lane.forget(trial);
};
