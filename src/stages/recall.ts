import { eventsIn } from '../core/hooks.ts';
import { stampOf, type Owner } from '../core/ownership.ts';
import type { RecordHead, ReleaseAddress } from '../core/record.ts';
import type { Records } from '../ports/records.ts';
import type { RenderedObject, Renderer } from '../ports/renderer.ts';

/** What a record holds of a revision. */
export interface Recalled {
  readonly objects: readonly RenderedObject[];
  /** Events that it has hooks for. */
  readonly hookEvents: readonly string[];
  /** RFC 3339. */
  readonly firstDeployed: string;
}

/** Reads the objects of a revision back from its record, as they were rendered then. Rejects with RecordInvalidError, ClusterError, RenderError. */
export const recall = async (
  deps: { readonly records: Records; readonly renderer: Renderer },
  of: { readonly owner: Owner; readonly address: ReleaseAddress; readonly record: RecordHead },
  signal: AbortSignal,
): Promise<Recalled> => {
  const { manifest, hooks, firstDeployed } = await deps.records.read(of.address, of.record, signal);
  const objects = await deps.renderer.read(manifest, stampOf(of.owner, of.address), signal);
  return { objects, hookEvents: eventsIn(hooks), firstDeployed };
};
