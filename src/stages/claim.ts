import { printRef } from '../core/object-ref.ts';
import { type Belonging, belongingOf, describeStranger, type Whose } from '../core/ownership.ts';
import type { PlacedObject } from '../core/plan.ts';
import { printAddress } from '../core/record.ts';
import type { Cluster, LiveObject } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';

/** Objects that are to be written, or taken over, and for whom. */
export interface Claim {
  readonly objects: readonly PlacedObject[];
  readonly whose: Whose;
  /** Objects that nobody owns are taken. */
  readonly adopt: boolean;
}

/** An object that is there already, and may be written. */
export interface Claimed {
  readonly object: PlacedObject;
  readonly live: LiveObject;
  /** Nobody owned it: what kubectl has declared in it goes, where the chart does not have it. */
  readonly isAdopted: boolean;
}

/** Looks whose the objects are that are there already. Rejects with ObjectNotOwned at the first that the release may not have. */
export const claim = async (cluster: Cluster, { objects, whose, adopt }: Claim, signal: AbortSignal): Promise<readonly Claimed[]> => {
  const found = await Promise.all(
    objects.map(async (object) => {
      const live = await cluster.look(object.ref, signal);
      if (live === undefined) return [];
      const belonging = belongingOf(live, whose);
      const isAdopted = belonging.kind === 'Nobodys' && adopt;
      if (belonging.kind !== 'Own' && !isAdopted) throw notOwned(object, belonging, live);
      return [{ object, live, isAdopted }];
    }),
  );
  return found.flat();
};

/**
 * Looks whether the objects that a release has which is to be taken over are Flux's, who would put back whatever is changed. Rejects with
 * ReleaseNotOwned where they are.
 */
export const checkFlux = async (cluster: Cluster, { objects, whose }: Omit<Claim, 'adopt'>, signal: AbortSignal): Promise<void> => {
  await Promise.all(
    objects.map(async ({ ref }) => {
      const live = await cluster.look(ref, signal);
      const belonging = live === undefined ? undefined : belongingOf(live, whose);
      if (belonging?.kind !== 'Others' || !belonging.isFlux) return;
      throw new StageError(
        'ReleaseNotOwned',
        `Helm release ${printAddress(whose.address)} belongs to ${belonging.owner}, as ${printRef(ref)} is labelled; delete that one so that it leaves the release, or set spec.releaseName to a free name`,
      );
    }),
  );
};

const notOwned = ({ ref, source }: PlacedObject, belonging: Exclude<Belonging, { readonly kind: 'Own' }>, { managed }: LiveObject): StageError => {
  const advice = belonging.kind === 'Nobodys' ? 'have it taken over with spec.adopt, remove it, or rename it in the chart' : 'remove it, or rename it in the chart';
  return new StageError('ObjectNotOwned', `${printRef(ref)} (${source}) exists already and ${describeStranger(belonging, managed)}; ${advice}`);
};
