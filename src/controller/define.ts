import type { ChartRelease, CrdPolicy } from '../api/chart-release.ts';
import type { RevisionNotes } from '../core/record.ts';
import type { Decision } from '../core/release-state.ts';
import type { Outcome } from '../core/status.ts';
import type { Rendered } from '../ports/renderer.ts';
import { crds } from '../stages/crds.ts';
import type { Deps } from './deps.ts';
import type { Run } from './run.ts';

type Start = Extract<Decision, { readonly kind: 'Start' }>;

/** A revision that is about to begin, and the notes of the one that is deployed. */
export interface Defining {
  readonly decision: Start;
  readonly deployed: RevisionNotes | undefined;
  readonly rendered: Rendered;
}

/**
 * Brings the CustomResourceDefinitions of the chart's `crds/`. A chart that is deployed has brought them already, and so has one whose other
 * releases went before: then only those that are missing are created. Returns what is waited for where they are not served yet; rejects as the stage does.
 */
export const define = async (deps: Deps, { release, signal }: Run, { decision, deployed, rendered }: Defining): Promise<Outcome | undefined> => {
  if (rendered.crds.length === 0) return undefined;
  const chart = [decision.digest, ...rendered.crds.map(({ name }) => name)].join(' ');
  const policy = policyOf(release, decision.action);
  const isKnown = deployed?.chartDigest === decision.digest || deps.definitions.has(chart, deps.clock.now());
  const before = deployed === undefined ? undefined : { name: deployed.chartName, version: deployed.chartVersion };
  const progress = await crds(
    deps.cluster,
    { definitions: rendered.crds, policy: policy === 'CreateReplace' && isKnown ? 'Create' : policy, chart: rendered.chart, before },
    signal,
  );
  if (progress.kind === 'Served') {
    if (policy === 'CreateReplace' && !isKnown) deps.definitions.keep(chart, deps.clock.now());
    return undefined;
  }
  const outcome = { reason: 'Progressing', message: `waiting for ${progress.message}` } as const;
  const now = deps.clock.now();
  const since = progress.since ?? now;
  // What was written a moment ago is served in a moment; all else may take as long as it takes.
  return now - since < YOUNG_MS ? { ...outcome, waitingSince: since, lookAgainAfterMs: POLL_MS } : { ...outcome, isRetried: true };
};

const policyOf = ({ spec }: ChartRelease, action: Start['action']): CrdPolicy => (action === 'install' ? spec.install.crds : spec.upgrade.crds);

/** The API server serves what it has stored some milliseconds later. */
const POLL_MS = 300;
const YOUNG_MS = 15_000;
