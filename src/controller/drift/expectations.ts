import type { Drift } from '../../core/drift.ts';
import { type ObjectRef, refKey } from '../../core/object-ref.ts';
import { isSameRecord, type RecordHead, type ReleaseAddress } from '../../core/record.ts';
import { isNewer } from '../../core/resource-version.ts';
import type { Sight } from '../../ports/imprints.ts';

/** What an object of a deployed revision is to be like. */
export interface Expected {
  readonly ref: ObjectRef;
  /** See core/imprint.ts; empty where it is not known. */
  readonly imprint: string;
  /** Of our write; what is older says nothing about it. Empty where that was another process. */
  readonly resourceVersion: string;
  /** The imprint that was found in place of that one, undefined where the object was gone, and what it came to. */
  readonly examined?: Examined;
}

export interface Examined {
  readonly imprint: string | undefined;
  /** Of what was examined; empty where the object was gone. */
  readonly resourceVersion: string;
  readonly drift: Drift | undefined;
}

interface Place {
  readonly address: ReleaseAddress;
  readonly record: RecordHead;
}

interface Expectation extends Place {
  readonly objects: Map<string, Expected>;
}

/**
 * What the objects of deployed revisions are to be like, so that a change of one is known for drift without a request. It is lost with the
 * process: then the records say it, and what had been examined is examined again.
 */
export class Expectations {
  readonly #byKey = new Map<string, Expectation>();

  /** What is expected of this very revision's objects, in the order of its manifest. */
  of(key: string, place: Place): readonly Expected[] | undefined {
    const expectation = this.#byKey.get(key);
    return expectation !== undefined && isSameRecord(expectation, place) ? [...expectation.objects.values()] : undefined;
  }

  keep(key: string, place: Place, objects: readonly Expected[]): readonly Expected[] {
    this.#byKey.set(key, { ...place, objects: new Map(objects.map((object) => [refKey(object.ref), object])) });
    return objects;
  }

  /** Remembers more of an object of which something is expected already. */
  put(key: string, object: Expected): void {
    const objects = this.#byKey.get(key)?.objects;
    if (objects?.has(refKey(object.ref)) === true) objects.set(refKey(object.ref), object);
  }

  /** Whether an object, by `refKey`, is as expected, or was examined as it is. Of one that nothing is known of nothing is expected. */
  isAsExpected(key: string, object: string, imprint: string | undefined): boolean {
    const expected = this.#byKey.get(key)?.objects.get(object);
    return expected === undefined || imprint === expected.imprint || (expected.examined !== undefined && expected.examined.imprint === imprint);
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}

/** Nothing that was seen contradicts what is expected; what is older than our own write does not. */
export const isSeenAsExpected = (expected: Expected, sight: Sight): boolean =>
  sight.kind !== 'Unknown' && (isNewer(expected.resourceVersion, sight.resourceVersion) || (expected.imprint !== '' && imprintIn(sight) === expected.imprint));

/**
 * Whether a newer state is seen than the one that was applied or examined, and it is another one. What was examined and is not seen any more
 * may be one without our label, which is never seen.
 */
export const isOvertaken = (expected: Expected, sight: Sight): boolean => {
  const { imprint, resourceVersion } = expected.examined ?? expected;
  if (sight.kind === 'Unknown' || (sight.kind === 'Absent' && expected.examined !== undefined)) return false;
  return resourceVersion !== '' && isNewer(sight.resourceVersion, resourceVersion) && imprintIn(sight) !== imprint;
};

/** Whether what was examined is as expected again, by somebody, or by a write of ours whose answer was lost. */
export const isBroughtBack = (expected: Expected, sight: Sight): boolean => expected.examined !== undefined && isOvertaken(expected, sight) && isSeenAsExpected(expected, sight);

/** Without what it was found to be. */
export const unexamined = ({ ref, imprint, resourceVersion }: Expected): Expected => ({ ref, imprint, resourceVersion });

/** The imprint that is seen; undefined where there is none. */
export const imprintIn = (sight: Sight): string | undefined => (sight.kind === 'Seen' ? sight.imprint : undefined);
