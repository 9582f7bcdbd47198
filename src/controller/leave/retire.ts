import { keyOf, type ObjectRef } from '../../core/object-ref.ts';
import { objectsToPrune, type PlacedObject } from '../../core/plan.ts';
import { printAddress, type RecordHead, type ReleaseAddress } from '../../core/record.ts';
import { ownRecords } from '../../core/release-state.ts';
import { StageError } from '../../ports/errors.ts';
import type { ReleaseIdentity } from '../../ports/releases.ts';
import { closeUninstalled } from '../../stages/close.ts';
import { hooks } from '../../stages/hooks.ts';
import { observe } from '../../stages/observe.ts';
import { type Failure, pruneAll } from '../../stages/prune.ts';
import { tellLeft } from '../clear.ts';
import type { Deps } from '../deps.ts';
import { earlierOf, objectsOf } from '../memory.ts';
import { namesOf } from '../run.ts';

/** A Helm release that is to go, and objects of it that stay because another release has them now. */
export interface Retirement {
  readonly owner: ReleaseIdentity['metadata'];
  readonly address: ReleaseAddress;
  /** Status says that the ChartRelease has written there. */
  readonly isAdmitted: boolean;
  readonly except: readonly ObjectRef[];
  /** Objects that go with it, whatever its records say: also where they are damaged or gone. */
  readonly told: readonly PlacedObject[];
  /** For each hook. */
  readonly timeoutMs: number;
  /** The records stay, the newest as uninstalled with the words that it has, as after `helm uninstall --keep-history`. */
  readonly keepsRecords: boolean;
  /** Its namespace is being deleted, and takes everything in it along: hooks cannot be created, and records need no mark. */
  readonly isNamespaceGoing: boolean;
}

/** An uninstall that waits for a hook. */
export interface Held {
  readonly message: string;
  readonly lookAgainAfterMs: number;
}

/** Objects that could not be deleted; their records are there still. */
export class LeftBehindError extends StageError {
  readonly left: readonly ObjectRef[];

  constructor(failed: readonly Failure[], first: Failure) {
    super('UninstallFailed', `${failed.length === 1 ? 'an object' : `${failed.length} objects`} could not be deleted: ${first.error.message}`, { cause: first.error });
    this.left = failed.map(({ ref }) => ref);
  }
}

/**
 * Uninstalls a Helm release of ours: the newest record says so first, then pre-delete hooks run, its objects go in reverse install order,
 * post-delete hooks run, then the records go, oldest first. A crash in between is made good by the next run. A release that somebody else
 * made is left alone. Returns the hook that it waits for, where it does; rejects where one fails, and runs that one again when it is called again,
 * and with LeftBehindError where objects cannot be deleted.
 */
export const retire = async (deps: Deps, retirement: Retirement, signal: AbortSignal): Promise<Held | undefined> => {
  const { owner, address, isAdmitted } = retirement;
  const records = ownRecords(await observe(deps.records, address, signal), { uid: owner.uid, chartRelease: keyOf(owner), isAdmitted });
  const newest = records.at(-1);
  const earlier = await earlierOf(deps, { release: { metadata: owner }, address, signal }, records);
  const objects = objectsToPrune([...objectsOf(earlier), ...retirement.told], retirement.except);
  if (newest === undefined || retirement.isNamespaceGoing) return retireObjects(deps, retirement, objects, signal);
  const marked =
    newest.status === 'uninstalling'
      ? newest
      : await deps.records.mark(address, newest, { status: 'uninstalling', ...(!retirement.keepsRecords && { description: 'Uninstalling' }) }, signal);
  const hookEvents = earlier.find(({ record }) => record.revision === newest.revision)?.hookEvents ?? [];
  const before = await passHooks(deps, retirement, { record: marked, event: 'pre-delete', hookEvents }, signal);
  if (before.kind === 'Waiting') return before;
  const stays = await deleteAll(deps, retirement, objects, signal);
  const after = await passHooks(deps, retirement, { record: before.record, event: 'post-delete', hookEvents }, signal);
  if (after.kind === 'Waiting') return after;
  tellLeft(deps, { metadata: owner }, stays);
  if (retirement.keepsRecords) await closeUninstalled(deps.records, address, [...records.slice(0, -1), after.record], signal);
  else for (const record of [...records.slice(0, -1), after.record]) await deps.records.remove(address, record, signal);
  if (!retirement.keepsRecords) deps.contenders.wakeAt(address);
  deps.logger.info({ ...namesOf(owner), release: `${printAddress(address)}`, objects: objects.length }, 'uninstalled');
  return undefined;
};

/** Without records, or where they go by themselves, there is nothing but objects. */
const retireObjects = async (deps: Deps, retirement: Retirement, all: readonly PlacedObject[], signal: AbortSignal): Promise<undefined> => {
  const { owner, address, isNamespaceGoing } = retirement;
  const objects = isNamespaceGoing ? all.filter(({ ref }) => ref.namespace !== address.namespace) : all;
  tellLeft(deps, { metadata: owner }, await deleteAll(deps, retirement, objects, signal));
  if (all.length === 0) return;
  const why = isNamespaceGoing ? 'its namespace is being deleted' : 'it has no records';
  deps.logger.info({ ...namesOf(owner), release: printAddress(address), objects: objects.length }, `uninstalled without hooks: ${why}`);
};

/** Returns those that stay. Rejects with LeftBehindError after it has deleted what it could, or with the ClusterError where the API server is away. */
const deleteAll = async (deps: Deps, { owner, address }: Retirement, objects: readonly PlacedObject[], signal: AbortSignal): Promise<readonly string[]> => {
  const { left, failed } = await pruneAll(deps.cluster, objects, { owner, address }, signal);
  const away = failed.find(({ error }) => error.code === 'Unavailable');
  if (away !== undefined) throw away.error;
  const [first] = failed;
  if (first !== undefined) throw new LeftBehindError(failed, first);
  return left;
};

interface DeleteHooks {
  readonly record: RecordHead;
  readonly event: 'pre-delete' | 'post-delete';
  readonly hookEvents: readonly string[];
}

type Passed = { readonly kind: 'Done'; readonly record: RecordHead } | ({ readonly kind: 'Waiting' } & Held);

const passHooks = async (deps: Deps, { owner, address, timeoutMs, keepsRecords }: Retirement, { record, event, hookEvents }: DeleteHooks, signal: AbortSignal): Promise<Passed> => {
  if (!hookEvents.includes(event)) return { kind: 'Done', record };
  const progress = await hooks(deps, { owner, address, record, event, timeoutMs, again: true, failed: 'uninstalling', keepsWords: keepsRecords }, signal);
  if (progress.kind === 'Failed') throw new StageError('UninstallFailed', progress.message);
  if (progress.kind === 'Waiting') deps.rollouts.keepLeaving(keyOf(owner));
  return progress;
};
