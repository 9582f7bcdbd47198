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

/** Brings the CustomResourceDefinitions of the chart's `crds/`. Returns what is waited for where they are not served yet; rejects as the stage does. */
export const define = async (deps: Deps, { release, signal }: Run, { decision, deployed, rendered }: Defining): Promise<Outcome | undefined> => {
  if (rendered.crds.length === 0) return undefined;
  const before = deployed === undefined ? undefined : { name: deployed.chartName, version: deployed.chartVersion };
  const progress = await crds(deps.cluster, { definitions: rendered.crds, policy: policyOf(release, decision, deployed), chart: rendered.chart, before }, signal);
  if (progress.kind === 'Served') return undefined;
  const { message, isChanged } = progress;
  // What was written is served in a moment: not worth a write of status.
  return { reason: 'Progressing', message: `waiting for ${message}`, ...(isChanged && { waitingSince: deps.clock.now() }), lookAgainAfterMs: POLL_MS };
};

/** A chart that is deployed has brought its definitions already: other values replace none. */
const policyOf = ({ spec }: ChartRelease, { action, digest }: Start, deployed: RevisionNotes | undefined): CrdPolicy => {
  const policy = action === 'install' ? spec.install.crds : spec.upgrade.crds;
  return policy === 'CreateReplace' && deployed?.chartDigest === digest ? 'Create' : policy;
};

/** The API server serves what it has stored some milliseconds later. */
const POLL_MS = 300;
