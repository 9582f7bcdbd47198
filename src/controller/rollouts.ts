import type { PlannedObject } from '../core/plan.ts';
import type { AppliedObject } from '../core/readiness.ts';
import type { RecordHead, ReleaseAddress } from '../core/record.ts';

/** A revision whose record is open and which is not closed yet. */
export interface Rollout {
  readonly address: ReleaseAddress;
  readonly record: RecordHead;
  readonly planned: readonly PlannedObject[];
  /** Objects of earlier revisions that go when this one is ready. */
  readonly toPrune: readonly PlannedObject[];
  /** What the API server answered, once everything was applied, and when that was, in ms: the wait counts from there. */
  readonly applied: { readonly objects: readonly AppliedObject[]; readonly at: number } | undefined;
}

interface Place {
  readonly key: string;
  readonly address: ReleaseAddress;
}

/**
 * What this process knows of revisions under way, so that a run that only looks whether they are ready sends nothing.
 * It is lost with the process: then everything is applied again, which changes nothing.
 */
export class Rollouts {
  readonly #byKey = new Map<string, Rollout>();

  /** The rollout of this very record, if this process has begun or resumed it. */
  of({ key, address }: Place, record: RecordHead): Rollout | undefined {
    const rollout = this.#byKey.get(key);
    return rollout !== undefined && isSame(rollout, address, record) ? { ...rollout, record } : undefined;
  }

  /** Remembers a rollout of which nothing was applied yet. */
  begin({ key, address }: Place, record: RecordHead, planned: readonly PlannedObject[], toPrune: readonly PlannedObject[]): Rollout {
    const rollout: Rollout = { address, record, planned, toPrune, applied: undefined };
    this.#byKey.set(key, rollout);
    return rollout;
  }

  /** Remembers that all of it was applied. */
  applied(key: string, rollout: Rollout, objects: readonly AppliedObject[], at: number): Rollout & { readonly applied: NonNullable<Rollout['applied']> } {
    const next = { ...rollout, applied: { objects, at } };
    this.#byKey.set(key, next);
    return next;
  }

  /** Whether a revision of this release is under way. */
  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}

const isSame = (rollout: Rollout, address: ReleaseAddress, record: RecordHead): boolean =>
  rollout.address.namespace === address.namespace && rollout.record.secret === record.secret && rollout.record.createdAt === record.createdAt;
