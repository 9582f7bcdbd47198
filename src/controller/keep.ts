import { conditionOf } from '../core/conditions.ts';
import type { RecordHead } from '../core/record.ts';
import { beyondLimit, type Decision, type Target } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import { admit } from '../stages/admit.ts';
import { tidy } from '../stages/close.ts';
import type { Deps } from './deps.ts';
import { watchOver } from './drift/drift.ts';
import { refsOf, storedOf } from './memory.ts';
import type { Run } from './run.ts';
import { running, settle } from './settle.ts';
import type { Deciding } from './target.ts';

/** Whatever was done, that the tag cannot be followed at present is said. While the registry has said nothing yet, what was said of it before stands. */
export const withFetchTrouble = ({ release }: Run, target: Target, outcome: Outcome): Outcome => {
  const trouble = target.digest === undefined ? (target.trouble ?? conditionOf(release.status.conditions, 'FetchFailed')) : target.trouble;
  // What the run has met itself is newer.
  if (trouble === undefined || outcome.fetchTrouble !== undefined) return outcome;
  const { reason, message } = trouble;
  const pauseMs = Math.min(outcome.lookAgainAfterMs ?? CREDENTIAL_PAUSE_MS, CREDENTIAL_PAUSE_MS);
  return { ...outcome, fetchTrouble: { reason, message }, ...(reason === 'AuthenticationFailed' && { lookAgainAfterMs: pauseMs }) };
};

/** What is asked for runs. What a crash, or somebody's edit, may have left undone is done now. */
export const keepDeployed = async (deps: Deps, run: Run, records: readonly RecordHead[], { deployed, stale }: Keep, reference: string): Promise<Outcome> => {
  const { address, release, signal } = run;
  deps.rollouts.forget(run.key);
  await admit(deps.releases, release, address, signal);
  const { historyLimit } = release.spec;
  const isTidy = stale.length === 0 && (records.at(-1)?.revision !== deployed.revision || beyondLimit(records, historyLimit).length === 0);
  const left = isTidy ? records : await tidy(deps.records, address, records, historyLimit, signal);
  const isReported = release.status.revision === deployed.revision && release.status.inventory !== undefined && release.status.releases?.length === 1;
  const inventory = isReported ? undefined : refsOf((await storedOf(deps, run, deployed)).planned);
  const outcome = await settle(deps, run, { record: deployed, reference, records: left, inventory });
  return { ...outcome, ...(await watchOver(deps, run, { record: deployed, inventory })) };
};

/** What runs is what was asked for until the tag moved, and nothing is wrong with what it points at now: it stays, and stays Ready. */
export const stay = async (deps: Deps, run: Run, { target, records }: Deciding, record: RecordHead, message: string): Promise<Outcome> => ({
  ...running(run.release, { record, reference: target.reference, records }),
  fetchTrouble: { reason: 'RendererUnavailable', message },
  isRetried: true,
  ...(await watchOver(deps, run, { record, inventory: undefined })),
});

const CREDENTIAL_PAUSE_MS = 60_000;

type Keep = Extract<Decision, { readonly kind: 'Keep' }>;
