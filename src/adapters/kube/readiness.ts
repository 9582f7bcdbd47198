import type { Outcome } from './retry.ts';

/**
 * What came of asking an API server for `/readyz`. One that has just started knows neither who has which rights, so that it refuses everybody, nor
 * which CustomResourceDefinitions there are. In that order it says 403, 500 and 200.
 */
export type Readiness =
  /** What it refuses counts, and what it does not serve is not there. */
  | { readonly kind: 'Ready' }
  | { readonly kind: 'Unready'; readonly message: string }
  /** It has just started, or does not say it to us. */
  | { readonly kind: 'Untold' };

/** Reads it; a server that has no such path is not one that could be unready. */
export const readinessIn = (outcome: Outcome): Readiness => {
  if (outcome.kind === 'NoReply') return { kind: 'Unready', message: outcome.error.message };
  const { status, body } = outcome.reply;
  if (status === 200 || status === 404) return { kind: 'Ready' };
  if (status === 429 || status >= 500) return { kind: 'Unready', message: failedChecks(body.toString('utf8')) || `it answers ${status}` };
  return { kind: 'Untold' };
};

/** The checks that have failed, one a line: `[-]poststarthook/rbac/bootstrap-roles failed: reason withheld`. */
const failedChecks = (text: string): string =>
  text
    .split('\n')
    .flatMap((line) => /^\[-\](\S+)/.exec(line)?.[1] ?? [])
    .join(', ');
