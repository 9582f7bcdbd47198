/** A token as a token server gave it: opaque, and good for so long from when it was asked for. */
export interface Token {
  readonly token: string;
  readonly lifeMs: number;
}

export type TokenReading = { readonly kind: 'Token'; readonly token: Token } | { readonly kind: 'Invalid'; readonly why: string };

/** Where a server does not say (distribution specification, "Token Authentication"). */
const DEFAULT_LIFE_S = 60;
/** Longer is not believed: rights that are taken away should end some time. */
const MAX_LIFE_S = 3600;

/**
 * Reads the answer of a token server. `date` is its Date header: the age of a token that was issued before is told from
 * the server's own clock, so that ours may be wrong. Never throws; `why` quotes nothing.
 */
export const readToken = (body: string, date: string | undefined): TokenReading => {
  const fields = parseFields(body);
  if (fields === undefined) return invalid('something that is not a JSON object');
  const token = [fields['token'], fields['access_token']].find((value) => typeof value === 'string' && value !== '');
  if (typeof token !== 'string') return invalid('no token');
  if (!SENDABLE.test(token)) return invalid('a token that cannot be sent in a header');
  const lifeS = lifeOf(fields['expires_in']) - ageOf(fields['issued_at'], date);
  return { kind: 'Token', token: { token, lifeMs: 1000 * Math.max(0, lifeS) } };
};

// A header is visible ASCII; servers take some 16 KiB of them all.
const SENDABLE = /^[\x21-\x7e]{1,12288}$/;

/** Zero and less is what it says: good for the request it was asked for. */
const lifeOf = (expiresIn: unknown): number => (typeof expiresIn === 'number' && !Number.isNaN(expiresIn) ? Math.min(expiresIn, MAX_LIFE_S) : DEFAULT_LIFE_S);

const MAX_AGE_S = 24 * 3600;

const ageOf = (issuedAt: unknown, date: string | undefined): number => {
  const ageS = (Date.parse(date ?? '') - Date.parse(typeof issuedAt === 'string' ? issuedAt : '')) / 1000;
  // Not a number, the future, or long ago: the two do not come from one clock.
  return ageS > 0 && ageS <= MAX_AGE_S ? ageS : 0;
};

const parseFields = (body: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
};

const invalid = (why: string): TokenReading => ({ kind: 'Invalid', why });
