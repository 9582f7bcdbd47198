import { imprintOf } from './imprint.ts';
import { refKey } from './object-ref.ts';
import type { PlacedObject } from './plan.ts';
import type { AppliedObject } from './readiness.ts';
import type { RecordHead, ReleaseAddress } from './record.ts';
import { isNewer } from './resource-version.ts';

/** A deployed revision whose objects are what was applied last, and what the API server answered then. */
export interface Standing {
  readonly address: ReleaseAddress;
  readonly record: RecordHead;
  /** When the release was first deployed, RFC 3339. */
  readonly firstDeployed: string;
  readonly objects: readonly PlacedObject[];
  /** Events that the record has hooks for. */
  readonly hookEvents: readonly string[];
  readonly applied: readonly AppliedObject[];
}

/** What an object was applied as: the digest of the bytes that were sent, and the answer. */
export interface StandingObject {
  readonly digest: string;
  readonly answer: AppliedObject;
}

/** The objects of a standing revision by `refKey`. */
export const standingObjects = (standing: Standing | undefined): ReadonlyMap<string, StandingObject> => {
  const digests = new Map(standing?.objects.map(({ ref, digest }) => [refKey(ref), digest]));
  return new Map(
    standing?.applied.flatMap((answer) => {
      const digest = digests.get(refKey(answer.ref));
      return digest === undefined ? [] : [[refKey(answer.ref), { digest, answer }]];
    }),
  );
};

/** An object as it is now, as far as it matters here. */
export interface Present {
  readonly uid: string;
  readonly ownFields: string;
  readonly isTerminating: boolean;
}

/**
 * Whether to apply an object again would change nothing, given that its bytes are those that were applied last: it is still the same
 * object, and nobody has taken a field of it from us.
 */
export const isAsApplied = ({ answer }: StandingObject, present: Present | undefined): boolean =>
  present !== undefined && !present.isTerminating && present.uid === answer.uid && present.ownFields === answer.ownFields && answer.ownFields !== '';

/** An object as a watch has it. */
export interface SeenObject {
  readonly uid: string;
  readonly resourceVersion: string;
  /** See imprint.ts; empty where none of its fields are ours. */
  readonly imprint: string;
  /** Somebody has fields of it who may have some of ours. */
  readonly isShared: boolean;
  readonly isTerminating: boolean;
  /** The watch goes on without trouble: what it has is the present, but for what is on its way. */
  readonly isFollowed: boolean;
}

/**
 * Whether a watch tells by itself that an object is as it was applied, so that it need not be looked at: it has seen what our apply left,
 * and nothing that has become of it since matters. Where it does not, the object may be as it was all the same.
 */
export const isSeenAsApplied = ({ answer }: StandingObject, seen: SeenObject): boolean =>
  seen.isFollowed &&
  !seen.isTerminating &&
  !seen.isShared &&
  seen.uid === answer.uid &&
  !isNewer(answer.resourceVersion, seen.resourceVersion) &&
  answer.ownFields !== '' &&
  seen.imprint === imprintOf(answer);
