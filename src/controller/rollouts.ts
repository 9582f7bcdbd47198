import type { PlacedObject } from '../core/plan.ts';
import type { AppliedObject } from '../core/readiness.ts';
import { isSameRecord, type RecordHead, type ReleaseAddress } from '../core/record.ts';

/** A revision whose record is open and which is not closed yet. The bytes of its objects are not kept: they are in the record. */
export interface Rollout {
  readonly address: ReleaseAddress;
  readonly record: RecordHead;
  /** When the release was first deployed, RFC 3339. */
  readonly firstDeployed: string;
  readonly objects: readonly PlacedObject[];
  /** Events that the record has hooks for. */
  readonly hookEvents: readonly string[];
  /** Objects of earlier revisions that go when this one is ready. */
  readonly toPrune: readonly PlacedObject[];
  /** When it was applied first, in ms: the time-out counts from there. */
  readonly since: number;
  /** What the API server answered, and when; undefined when everything is to be applied again. */
  readonly applied: { readonly objects: readonly AppliedObject[]; readonly at: number } | undefined;
  /** UIDs of Jobs that were seen complete. */
  readonly completed: ReadonlySet<string>;
  /** All its objects were ready once: post hooks run, and nothing is waited for again. */
  readonly isReady: boolean;
  /** Somebody wishes for a hook that has failed to be run again. */
  readonly isOnceMore: boolean;
  /** The wish for which a revision that has failed was applied once more: status may be silent of it still. */
  readonly answers: string | undefined;
}

interface Place {
  readonly key: string;
  readonly address: ReleaseAddress;
}

/**
 * What this process knows of revisions under way, so that a run that only looks whether they are ready sends nothing.
 * It is lost with the process: then everything is applied again, which changes nothing but a Job that has gone since.
 */
export class Rollouts {
  readonly #byKey = new Map<string, Rollout>();
  readonly #leaving = new Set<string>();

  /** The rollout of this very record, if this process has begun or resumed it. */
  of({ key, address }: Place, record: RecordHead): Rollout | undefined {
    const rollout = this.#byKey.get(key);
    return rollout !== undefined && isSameRecord(rollout, { address, record }) ? { ...rollout, record } : undefined;
  }

  /** Whichever revision of the release is under way, if one is. */
  at(key: string): Rollout | undefined {
    return this.#byKey.get(key);
  }

  /** Remembers a rollout, in place of what was known of the release. */
  keep(key: string, rollout: Rollout): Rollout {
    this.#byKey.set(key, rollout);
    return rollout;
  }

  /** Remembers that an uninstall of this release waits for a hook. */
  keepLeaving(key: string): void {
    this.#leaving.add(key);
  }

  /** Whether a revision of this release is under way, or an uninstall. */
  has(key: string): boolean {
    return this.#byKey.has(key) || this.#leaving.has(key);
  }

  forget(key: string): void {
    this.#byKey.delete(key);
    this.#leaving.delete(key);
  }
}

/** A rollout that nothing was applied of yet. */
export const newRollout = (of: {
  readonly address: ReleaseAddress;
  readonly record: RecordHead;
  readonly firstDeployed: string;
  readonly planned: readonly PlacedObject[];
  readonly hookEvents: readonly string[];
  readonly toPrune: readonly PlacedObject[];
  readonly since: number;
}): Rollout => ({
  address: of.address,
  record: of.record,
  firstDeployed: of.firstDeployed,
  objects: of.planned.map(placeOf),
  hookEvents: of.hookEvents,
  toPrune: of.toPrune.map(placeOf),
  since: of.since,
  applied: undefined,
  completed: new Set(),
  isReady: false,
  isOnceMore: false,
  answers: undefined,
});

const placeOf = ({ ref, source, isKept, digest }: PlacedObject): PlacedObject => ({ ref, source, isKept, digest });
