import { keyOf, printRef } from '../../core/object-ref.ts';
import { printAddress, type ReleaseAddress } from '../../core/record.ts';
import type { Outcome } from '../../core/status.ts';
import { reasonOf } from '../../ports/errors.ts';
import type { Subject } from '../../ports/events.ts';
import type { ReleaseIdentity } from '../../ports/releases.ts';
import { surroundings } from '../../stages/surroundings.ts';
import type { Deps } from '../deps.ts';
import { inventoryOf } from '../memory.ts';
import { LeftBehindError } from './retire.ts';
import { namesOf } from '../run.ts';

/** What is left behind, and what an Event about that is about. */
export interface Legacy {
  readonly subject: Subject;
  readonly words: string;
}

/** What becomes of a Helm release that could not be uninstalled, or left: it is tried again, and says so; or its time is over, and this is left. */
export const giveUp = async (deps: Deps, release: ReleaseIdentity, address: ReleaseAddress, error: Error, signal: AbortSignal): Promise<Outcome | Legacy> => {
  const around = await surroundings(deps.cluster, release.metadata.namespace, address, signal).catch(() => NOTHING_KNOWN);
  const isHurried = around.isNamespaceGoing || around.isTargetGoing;
  const { pauseMs, leftMs } = deps.departures.failed(keyOf(release.metadata), deps.clock.now(), isHurried ? HURRY_MS : undefined);
  const message = `cannot uninstall ${printAddress(address)}: ${error.message}`;
  if (!isHurried && !isFinal(error)) return { reason: 'UninstallFailed', message, lookAgainAfterMs: pauseMs };
  if (leftMs > 0) return { reason: 'UninstallFailed', message, lookAgainAfterMs: Math.min(pauseMs, leftMs) };
  return { subject: around.isNamespaceGoing ? namespaceSubject(release.metadata.namespace) : release, words: `${describeLeft(release, address, error)}: ${error.message}` };
};

/** Says what is left, once the ChartRelease is gone. */
export const tellLegacy = (deps: Deps, { metadata }: ReleaseIdentity, { subject, words }: Legacy): void => {
  deps.logger.error(namesOf(metadata), words);
  deps.events.announce(subject, { type: 'Warning', reason: 'LeftBehind', action: 'Delete', message: words, annotations: {} });
};

/** A namespace is to be gone a minute after somebody has deleted it, whatever is wrong. */
const HURRY_MS = 20_000;

const NOTHING_KNOWN = { isNamespaceGoing: false, isTargetGoing: false };

/** The API server, or the record, says no. An API server or a renderer that is away comes back, and a hook that fails is what the chart has to say about it. */
const isFinal = (error: Error): boolean => {
  if (error instanceof LeftBehindError) return true;
  const reason = reasonOf(error);
  return reason !== undefined && reason !== 'ClusterUnavailable' && reason !== 'RendererUnavailable' && reason !== 'UninstallFailed';
};

const describeLeft = ({ metadata, status }: ReleaseIdentity, address: ReleaseAddress, error: Error): string => {
  const left = error instanceof LeftBehindError ? error.left : inventoryOf(status).map(({ ref }) => ref);
  const objects = left.length === 0 ? 'whatever it has' : left.map(printRef).join(', ');
  return `ChartRelease ${keyOf(metadata)} goes, and of Helm release ${printAddress(address)} this is left, with its records: ${objects}; helm uninstall ends it`;
};

const namespaceSubject = (name: string): Subject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { namespace: '', name, uid: '', resourceVersion: '' } });
