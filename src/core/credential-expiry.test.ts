import { describe, expect, it } from 'vitest';
import { makeAuthority } from '../../test/registry/certificates.ts';
import { type Expiry, reportExpiries, validityOfCertificate, validityOfCredential, validityStated } from './credential-expiry.ts';

const at = (text: string): number => Date.parse(text);
const NOW = at('2026-03-10T12:00:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: unknown): string => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
const password = (text: string) => ({ kind: 'Password', username: 'u', password: text }) as const;

describe('how long a credential is good', () => {
  it.each<[string, Parameters<typeof validityOfCredential>[0], ReturnType<typeof validityOfCredential>]>([
    ['is what a JWT says', password(jwt({ iat: 1000, exp: 4600 })), { beganAt: 1_000_000, endsAt: 4_600_000 }],
    ['begins when the JWT begins to hold, if it says that', password(jwt({ iat: 1000, nbf: 2000, exp: 4600 })), { beganAt: 2_000_000, endsAt: 4_600_000 }],
    ['is read from an identity token', { kind: 'IdentityToken', identityToken: jwt({ exp: 4600 }), username: '', password: '' }, { beganAt: undefined, endsAt: 4_600_000 }],
    ['is read from a registry token', { kind: 'RegistryToken', registryToken: jwt({ exp: 4600 }) }, { beganAt: undefined, endsAt: 4_600_000 }],
    ['is unknown of a password', password('s3cret'), undefined],
    ['is unknown of a JWT that does not end', password(jwt({ iat: 1000 })), undefined],
    ['is unknown where the end is no number', password(jwt({ exp: '4600' })), undefined],
    ['is unknown where no calendar has the end', password(jwt({ exp: 1e300 })), undefined],
    ['is unknown where the end is before all times', password(jwt({ exp: -1 })), undefined],
    ['is unknown of what only looks like a JWT', password('a.b.c'), undefined],
    ['is unknown of null as a JWT', password(jwt(null)), undefined],
    ['is unknown of two parts', password(`${part({})}.${part({ exp: 4600 })}`), undefined],
    ['is unknown of what is too long to be read', password(jwt({ exp: 4600, pad: 'x'.repeat(20_000) })), undefined],
  ])('%s', (_name, credential, expected) => {
    expect(validityOfCredential(credential)).toEqual(expected);
  });

  it('is what a certificate says, the first of a chain', () => {
    const authority = makeAuthority();
    const { cert } = authority.issue({ notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-04-01T00:00:00Z') });
    expect(validityOfCertificate(`${cert}${authority.cert}`)).toEqual({ beganAt: at('2026-01-01T00:00:00Z'), endsAt: at('2026-04-01T00:00:00Z') });
    expect(validityOfCertificate('-----BEGIN CERTIFICATE-----')).toBeUndefined();
  });
});

describe('an end that somebody has written', () => {
  it.each<[string, number | undefined]>([
    ['2026-03-17T12:00:00Z', at('2026-03-17T12:00:00Z')],
    ['2026-03-17T12:00:00.5+02:00', at('2026-03-17T10:00:00.500Z')],
    ['2024-02-29T00:00:00Z', at('2024-02-29T00:00:00Z')],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2026-03-17', undefined],
    ['2026-03-17T12:00:00', undefined],
    ['17 Mar 2026 12:00:00 GMT', undefined],
    ['', undefined],
  ])('is %j', (text, endsAt) => {
    expect(validityStated(text)).toEqual(endsAt === undefined ? undefined : { beganAt: undefined, endsAt });
  });

  it('is said where it is no time, beside what is known', () => {
    const misstated = { what: 'the password', stated: 'soon' };
    const words = 'the password is annotated with tagalong.dev/expires-at: "soon", which is no time; write it like 2026-03-17T12:00:00Z';
    expect(reportExpiries([misstated], NOW)).toEqual({ claim: { reason: 'ExpiryInvalid', message: words } });
    const { claim } = reportExpiries([misstated, { what: 'the token', beganAt: undefined, endsAt: NOW + DAY_MS }], NOW);
    expect(claim).toEqual({ reason: 'CredentialExpiring', message: `the token ends at 2026-03-11T12:00:00Z; renew it before; ${words}` });
  });
});

describe('what is said of ends', () => {
  const ending = (endsInMs: number, lifeMs?: number): Expiry => ({
    what: 'the token',
    endsAt: NOW + endsInMs,
    beganAt: lifeMs === undefined ? undefined : NOW + endsInMs - lifeMs,
  });
  it.each<[string, readonly Expiry[], string | undefined, number | undefined]>([
    ['is nothing where nothing ends', [], undefined, undefined],
    ['is nothing before the last week, and it is looked at when that begins', [ending(10 * DAY_MS)], undefined, 3 * DAY_MS],
    ['is a warning in the last week, until the end', [ending(7 * DAY_MS)], 'CredentialExpiring: the token ends at 2026-03-17T12:00:00Z; renew it before', 7 * DAY_MS],
    ['is nothing while more than a third of a short life is left', [ending(HOUR_MS, 2 * HOUR_MS)], undefined, HOUR_MS / 3],
    ['is a warning in the last third of a short life', [ending(HOUR_MS, 3 * HOUR_MS)], 'CredentialExpiring: the token ends at 2026-03-10T13:00:00Z; renew it before', HOUR_MS],
    ['takes a week where the life is long', [ending(8 * DAY_MS, 365 * DAY_MS)], undefined, DAY_MS],
    ['takes a week where the life is none', [ending(HOUR_MS, -HOUR_MS)], 'CredentialExpiring: the token ends at 2026-03-10T13:00:00Z; renew it before', HOUR_MS],
    ['is that it has ended, at the end', [ending(0)], 'CredentialExpired: the token has ended at 2026-03-10T12:00:00Z; renew it', undefined],
    [
      'begins with what ends first, and looks again for the others',
      [ending(30 * DAY_MS), ending(2 * DAY_MS), ending(-DAY_MS)],
      'CredentialExpired: the token has ended at 2026-03-09T12:00:00Z; renew it; the token ends at 2026-03-12T12:00:00Z; renew it before',
      2 * DAY_MS,
    ],
  ])('%s', (_name, expiries, claim, lookAgainAfterMs) => {
    const report = reportExpiries(expiries, NOW);
    expect(report.claim && `${report.claim.reason}: ${report.claim.message}`).toBe(claim);
    expect(report.lookAgainAfterMs).toBe(lookAgainAfterMs);
  });

  it('is nothing of what is renewed by itself, and it is looked at then', () => {
    expect(reportExpiries([ending(30 * DAY_MS)], NOW, NOW + HOUR_MS)).toEqual({ lookAgainAfterMs: HOUR_MS });
  });

  it('is in the same words until the end', () => {
    const expiries = [ending(2 * DAY_MS)];
    expect(reportExpiries(expiries, NOW + DAY_MS).claim).toEqual(reportExpiries(expiries, NOW).claim);
  });
});
