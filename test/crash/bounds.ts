/** What is promised: how long a release takes from the start of an operator until it is where it has to be. */
export const RECOVERY_MS = 30_000;
/** How long a namespace may take to go. */
export const NAMESPACE_MS = 60_000;

/** What I9 has against a recovery that took so long, or never came; `state` is where the release was last. */
export const recoveryComplaints = (ms: number | undefined, boundMs: number, state: string): readonly string[] => {
  if (ms !== undefined && ms <= boundMs) return [];
  return [`${ms === undefined ? 'not there' : `there only ${(ms / 1000).toFixed(1)} s`} after the operator was started again: ${state}`];
};

/** What I13 has against a namespace that took so long to go, or did not. */
export const namespaceComplaints = (ms: number | undefined, left: readonly string[]): readonly string[] =>
  ms !== undefined && ms <= NAMESPACE_MS ? [] : [`the namespace is not gone after ${NAMESPACE_MS / 1000} s; in it are ${left.join(', ') || 'nothing'}`];

/** What I10 has against writes that bear on a release that rests, at the end of one of these runs. */
export const restComplaints = (writes: readonly string[], runs: string): readonly string[] =>
  writes.length === 0 ? [] : [`${writes.length} writes to a release at rest since ${runs}: ${writes.slice(0, SHOWN).join(', ')}`];

const SHOWN = 8;
