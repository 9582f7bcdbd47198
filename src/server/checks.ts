import type { Answer } from './http-server.ts';

/** A part of the operator that a probe asks about. */
export interface Check {
  readonly name: string;
  /** What is wrong with it, in a few words; undefined when it is well. Must not wait. */
  problem(): string | undefined;
  /** What else there is to say of it while it is well. */
  remark?(): string;
}

/**
 * Answers a probe as Kubernetes' own components do: 200 `ok`, or 503 with a line for each part, `[+]` or `[-]`. The lines
 * come with a 200 too when they are asked for by `verbose`.
 */
export const answerChecks = (probe: string, checks: readonly Check[], query: URLSearchParams): Answer => {
  const problems = checks.map((check) => ({ name: check.name, problem: check.problem(), remark: check.remark?.() }));
  const isWell = problems.every(({ problem }) => problem === undefined);
  if (isWell && !query.has('verbose')) return { status: 200, contentType: PLAIN, body: 'ok' };
  const lines = problems.map(({ name, problem, remark }) =>
    problem === undefined ? `[+]${name} ok${remark === undefined ? '' : `: ${remark}`}` : `[-]${name} failed: ${problem}`,
  );
  return { status: isWell ? 200 : 503, contentType: PLAIN, body: `${[...lines, `${probe} check ${isWell ? 'passed' : 'failed'}`].join('\n')}\n` };
};

const PLAIN = 'text/plain; charset=utf-8';
