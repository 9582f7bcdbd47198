import { keyOf, type ObjectRef } from '../core/object-ref.ts';
import { objectsToPrune } from '../core/plan.ts';
import type { RecordHead, ReleaseAddress } from '../core/record.ts';
import { ownRecords } from '../core/release-state.ts';
import { StageError } from '../ports/errors.ts';
import type { ReleaseIdentity } from '../ports/releases.ts';
import { closeUninstalled } from '../stages/close.ts';
import { hooks } from '../stages/hooks.ts';
import { observe } from '../stages/observe.ts';
import { prune } from '../stages/prune.ts';
import { tellLeft } from './clear.ts';
import type { Deps } from './deps.ts';
import { earlierOf, objectsOf } from './memory.ts';
import { namesOf } from './run.ts';

/** A Helm release that is to go, and objects of it that stay because another release has them now. */
export interface Retirement {
  readonly owner: ReleaseIdentity['metadata'];
  readonly address: ReleaseAddress;
  /** Status says that the ChartRelease has written there. */
  readonly isAdmitted: boolean;
  readonly except: readonly ObjectRef[];
  /** For each hook. */
  readonly timeoutMs: number;
  /** The records stay, the newest as uninstalled with the words that it has, as after `helm uninstall --keep-history`. */
  readonly keepsRecords: boolean;
}

/** An uninstall that waits for a hook. */
export interface Held {
  readonly message: string;
  readonly lookAgainAfterMs: number;
}

/**
 * Uninstalls a Helm release of ours: the newest record says so first, then pre-delete hooks run, its objects go in reverse install order,
 * post-delete hooks run, then the records go, oldest first. A crash in between is made good by the next run. A release that somebody else
 * made is left alone. Returns the hook that it waits for, where it does; rejects where one fails, and runs that one again when it is called again.
 */
export const retire = async (deps: Deps, retirement: Retirement, signal: AbortSignal): Promise<Held | undefined> => {
  const { owner, address, isAdmitted } = retirement;
  const records = ownRecords(await observe(deps.records, address, signal), { uid: owner.uid, chartRelease: keyOf(owner), isAdmitted });
  const newest = records.at(-1);
  if (newest === undefined) return undefined;
  const earlier = await earlierOf(deps, { release: { metadata: owner }, address, signal }, records);
  const objects = objectsToPrune(objectsOf(earlier), retirement.except);
  const marked =
    newest.status === 'uninstalling'
      ? newest
      : await deps.records.mark(address, newest, { status: 'uninstalling', ...(!retirement.keepsRecords && { description: 'Uninstalling' }) }, signal);
  const hookEvents = earlier.find(({ record }) => record.revision === newest.revision)?.hookEvents ?? [];
  const before = await passHooks(deps, retirement, { record: marked, event: 'pre-delete', hookEvents }, signal);
  if (before.kind === 'Waiting') return before;
  const { left } = await prune(deps.cluster, objects, owner, signal);
  const after = await passHooks(deps, retirement, { record: before.record, event: 'post-delete', hookEvents }, signal);
  if (after.kind === 'Waiting') return after;
  tellLeft(deps, { metadata: owner }, left);
  if (retirement.keepsRecords) await closeUninstalled(deps.records, address, [...records.slice(0, -1), after.record], signal);
  else for (const record of [...records.slice(0, -1), after.record]) await deps.records.remove(address, record, signal);
  if (!retirement.keepsRecords) deps.contenders.wakeAt(address);
  deps.logger.info({ ...namesOf(owner), release: `${address.namespace}/${address.releaseName}`, objects: objects.length }, 'uninstalled');
  return undefined;
};

interface DeleteHooks {
  readonly record: RecordHead;
  readonly event: 'pre-delete' | 'post-delete';
  readonly hookEvents: readonly string[];
}

type Passed = { readonly kind: 'Done'; readonly record: RecordHead } | ({ readonly kind: 'Waiting' } & Held);

const passHooks = async (deps: Deps, { owner, address, timeoutMs }: Retirement, { record, event, hookEvents }: DeleteHooks, signal: AbortSignal): Promise<Passed> => {
  if (!hookEvents.includes(event)) return { kind: 'Done', record };
  const progress = await hooks(deps, { owner, address, record, event, timeoutMs, again: true, failed: 'uninstalling' }, signal);
  if (progress.kind === 'Failed') throw new StageError('UninstallFailed', progress.message);
  if (progress.kind === 'Waiting') deps.rollouts.keepLeaving(keyOf(owner));
  return progress;
};
