import { timestamp } from '../api/time.ts';
import type { RecordHead, ReleaseAddress, RenderedFor, RevisionNotes } from '../core/record.ts';
import { describeAbandoned, describeOpened } from '../core/release-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordContent, Records, RecordStatus } from '../ports/records.ts';

/** A revision that is about to begin. */
export interface Opening {
  readonly address: ReleaseAddress;
  readonly revision: number;
  readonly notes: RevisionNotes;
  /** Undefined where an earlier revision was. */
  readonly renderedFor: RenderedFor | undefined;
  /** As it was rendered, or as an earlier revision has it. */
  readonly content: Pick<RecordContent, 'chart' | 'config' | 'hooks' | 'manifest' | 'helmNotes'>;
  /** Revisions that were under way to something else. */
  readonly abandoned: readonly RecordHead[];
  /** When the release was first deployed, RFC 3339. */
  readonly firstDeployed: string;
}

/**
 * Opens a revision: its record, pending, with the whole manifest, is written before any of its objects. Whoever finds
 * it later can go on from there.
 */
export const open = async (deps: { readonly records: Records; readonly clock: Clock }, opening: Opening, signal: AbortSignal): Promise<RecordHead> => {
  const { address, revision, notes, renderedFor, content, abandoned } = opening;
  for (const record of abandoned) if (record.notes !== undefined) await leave(deps.records, address, record, notes, signal);
  const now = timestamp(deps.clock.now());
  const opened = await deps.records.create(
    address,
    {
      revision,
      status: STATUSES[notes.action],
      notes,
      renderedFor,
      content: { ...content, description: describeOpened(notes), firstDeployed: opening.firstDeployed, lastDeployed: now },
    },
    signal,
  );
  // What a helm had begun is ours to close once there is a revision in its place: until then it says that it may still be at work.
  for (const record of abandoned) if (record.notes === undefined) await leave(deps.records, address, record, notes, signal);
  return opened;
};

const leave = async (records: Records, address: ReleaseAddress, record: RecordHead, next: RevisionNotes, signal: AbortSignal): Promise<void> => {
  await records.mark(address, record, { status: 'failed', description: describeAbandoned(next) }, signal);
};

const STATUSES: Readonly<Record<RevisionNotes['action'], RecordStatus>> = { install: 'pending-install', upgrade: 'pending-upgrade', rollback: 'pending-rollback' };
