import { X509Certificate } from 'node:crypto';
import { EXPIRES_AT } from '../api/chart-release.ts';
import type { Reason } from '../api/reasons.ts';
import { epochMsOf, timestamp } from '../api/time.ts';
import type { DockerCredential } from './docker-config.ts';

/** From when and until when something is good, in ms since the epoch. */
export interface Validity {
  /** Undefined where it does not say. */
  readonly beganAt: number | undefined;
  readonly endsAt: number;
}

/** Something that a registry is asked with and that ends by itself; `what` says what it is, for whom, and where it is kept. */
export interface Expiry extends Validity {
  readonly what: string;
}

/** Something that somebody has written an end of which is no time. */
export interface Misstated {
  readonly what: string;
  /** As it is written. */
  readonly stated: string;
}

/** What is to be said of ends that are near or past, and when that becomes another thing. */
export interface ExpiryReport {
  readonly claim?: { readonly reason: Reason; readonly message: string };
  readonly lookAgainAfterMs?: number;
}

/** How long a credential is good, where it is a JWT that says so (`exp`, RFC 7519); it is read, and not verified: the registry does that. Never throws. */
export const validityOfCredential = (credential: DockerCredential): Validity | undefined => validityOfToken(secretOf(credential));

/** How long something is good of which somebody has written when it ends, in RFC 3339; undefined where that is no time. */
export const validityStated = (endsAt: string): Validity | undefined => {
  const [, day] = RFC_3339.exec(endsAt) ?? [];
  const ms = epochMsOf(endsAt);
  // A day that its month has not would be taken for one of the next.
  return day === undefined || ms === 0 || !timestamp(epochMsOf(`${day}T00:00:00Z`)).startsWith(day) ? undefined : { beganAt: undefined, endsAt: ms };
};

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** How long a certificate (PEM, the first of a chain) is good; undefined where it cannot be read. */
export const validityOfCertificate = (pem: string): Validity | undefined => {
  try {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    return { beganAt: validFromDate.getTime(), endsAt: validToDate.getTime() };
  } catch {
    return undefined;
  }
};

/** Begins to warn a week before an end, or when a third of the life is left, where that is later. What is renewed by itself, at `renewedAt`, has only to be looked at then. */
export const reportExpiries = (all: readonly (Expiry | Misstated)[], now: number, renewedAt?: number): ExpiryReport => {
  const expiries = all.filter((one): one is Expiry => !('stated' in one));
  const misstated = all.filter((one): one is Misstated => 'stated' in one);
  const near = expiries.filter((expiry) => warnedAt(expiry) <= now).toSorted((one, other) => one.endsAt - other.endsAt);
  const turns = [...expiries.flatMap((expiry) => [warnedAt(expiry), expiry.endsAt]), ...(renewedAt === undefined ? [] : [renewedAt])].filter((at) => at > now);
  const message = [...near.map((expiry) => describe(expiry, now)), ...misstated.map(describeMisstated)].join('; ');
  return {
    ...(message !== '' && { claim: { reason: reasonOf(near, now), message } }),
    ...(turns.length > 0 && { lookAgainAfterMs: Math.min(...turns) - now }),
  };
};

const WEEK_MS = 7 * 86_400_000;

const warnedAt = ({ beganAt, endsAt }: Validity): number => endsAt - Math.min(WEEK_MS, beganAt === undefined || beganAt >= endsAt ? WEEK_MS : (endsAt - beganAt) / 3);

// Without how long it is until then: no word may change while nothing happens.
const describe = ({ what, endsAt }: Expiry, now: number): string =>
  `${what} ${endsAt > now ? `ends at ${timestamp(endsAt)}; renew it before` : `has ended at ${timestamp(endsAt)}; renew it`}`;

const describeMisstated = ({ what, stated }: Misstated): string =>
  `${what} is annotated with ${EXPIRES_AT}: ${JSON.stringify(stated.slice(0, MOST_STATED))}, which is no time; write it like 2026-03-17T12:00:00Z`;

const MOST_STATED = 60;

const reasonOf = (near: readonly Expiry[], now: number): Reason => {
  if (near.length === 0) return 'ExpiryInvalid';
  return near.some(({ endsAt }) => endsAt <= now) ? 'CredentialExpired' : 'CredentialExpiring';
};

const secretOf = (credential: DockerCredential): string => {
  switch (credential.kind) {
    case 'Password':
      return credential.password;
    case 'IdentityToken':
      return credential.identityToken;
    case 'RegistryToken':
      return credential.registryToken;
  }
};

const MOST_CHARACTERS = 16 * 1024;

const validityOfToken = (token: string): Validity | undefined => {
  if (token.length > MOST_CHARACTERS) return undefined;
  const [, claims = '', signature] = token.split('.', 4);
  if (signature === undefined) return undefined;
  try {
    // Null has no members either.
    const { exp, nbf, iat } = Object(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
    const endsAt = msOf(exp);
    return endsAt === undefined ? undefined : { beganAt: msOf(nbf) ?? msOf(iat), endsAt };
  } catch {
    return undefined;
  }
};

/** The last of the year 9999: later ones cannot be written. */
const LAST_SECOND = 253_402_300_799;

const msOf = (seconds: unknown): number | undefined => (typeof seconds === 'number' && seconds > 0 && seconds <= LAST_SECOND ? seconds * 1000 : undefined);
