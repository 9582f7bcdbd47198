import type { Budget } from './budget.ts';

type Headers = Readonly<Record<string, string>>;

/** Where the registry does not say until when what is left has to last. */
const DEFAULT_WINDOW_MS = 60 * 60_000;
const MOST_WINDOW_MS = 24 * 60 * 60_000;

/**
 * What the headers of an answer say of a budget; undefined where they say nothing that can be read. Of several the one that runs out first.
 * Read are `RateLimit` and `RateLimit-Policy` of the IETF draft (draft-ietf-httpapi-ratelimit-headers) in its forms since 07, and
 * `RateLimit-Limit`, `-Remaining` and `-Reset` of those before, which Docker Hub sends with a window (`100;w=21600`).
 */
export const parseBudget = (headers: Headers, now: number): Budget | undefined => {
  const named = headers['ratelimit'];
  const budgets = named === undefined ? singleHeaders(headers, now) : combined(named, headers['ratelimit-policy'] ?? '', now);
  return budgets.toSorted((one, other) => one.remaining / (one.until - now) - other.remaining / (other.until - now))[0];
};

/** `RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=60`, or `RateLimit: limit=100, remaining=50, reset=30`. */
const combined = (text: string, policy: string, now: number): readonly Budget[] => {
  const flat = parametersOf(text.replaceAll(',', ';'));
  if (flat.has('remaining')) return budgetOf({ limit: flat.get('limit'), remaining: flat.get('remaining'), reset: flat.get('reset'), window: windowOf(policy) }, now);
  const policies = new Map(entriesOf(policy).map((entry) => [nameOf(entry), parametersOf(entry)]));
  return entriesOf(text).flatMap((entry) => {
    const [left, allowed] = [parametersOf(entry), policies.get(nameOf(entry))];
    return budgetOf({ limit: allowed?.get('q'), remaining: left.get('r'), reset: left.get('t'), window: allowed?.get('w') }, now);
  });
};

const singleHeaders = (headers: Headers, now: number): readonly Budget[] => {
  const [limit = '', remaining = ''] = [headers['ratelimit-limit'], headers['ratelimit-remaining']];
  const window = windowOf(remaining) ?? windowOf(limit) ?? windowOf(headers['ratelimit-policy'] ?? '');
  return budgetOf({ limit: firstOf(limit), remaining: firstOf(remaining), reset: firstOf(headers['ratelimit-reset'] ?? ''), window }, now);
};

interface Numbers {
  readonly limit: number | undefined;
  readonly remaining: number | undefined;
  readonly reset: number | undefined;
  readonly window: number | undefined;
}

const budgetOf = ({ limit, remaining, reset, window }: Numbers, now: number): readonly Budget[] => {
  if (remaining === undefined) return [];
  const lastsMs = reset === undefined ? (window === undefined ? DEFAULT_WINDOW_MS : window * 1000) : untilReset(reset, now);
  return [{ limit, remaining, until: now + Math.min(Math.max(lastsMs, 1), MOST_WINDOW_MS) }];
};

/** Seconds, but GitLab has the time itself. */
const untilReset = (reset: number, now: number): number => (reset > EPOCH_SECONDS ? reset * 1000 - now : reset * 1000);
const EPOCH_SECONDS = 1_000_000_000;

/** Policies of a header, which are separated by commas. */
const entriesOf = (text: string): readonly string[] => text.split(',').slice(0, MOST_ENTRIES);
const MOST_ENTRIES = 16;

const nameOf = (entry: string): string => (entry.split(';')[0] ?? '').trim();

const parametersOf = (entry: string): ReadonlyMap<string, number> =>
  new Map([...entry.matchAll(/(?:^|;)\s*([a-z]+)\s*=\s*(\d{1,10})(?=\s*(?:;|$))/gi)].map(([, name = '', value]) => [name.toLowerCase(), Number(value)]));

const windowOf = (text: string): number | undefined => parametersOf(entriesOf(text)[0] ?? '').get('w');

const firstOf = (text: string): number | undefined => {
  const number = /^\s*(\d{1,10})\s*(?:[;,]|$)/.exec(text)?.[1];
  return number === undefined ? undefined : Number(number);
};
