import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { type Credential, RegistryError, type RegistryErrorCode } from '../../ports/registry.ts';
import { OriginGates } from './origin-gates.ts';
import { Refill } from './refill.ts';
import type { ChartAccess } from './registry-client.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string, string]; // three of three
const me: Credential = { kind: 'Password', username: 'me', password: 'one' };
const renewed: Credential = { ...me, password: 'two' };
const START_MS = 1_000_000;

let clock: FakeClock;
let gates: OriginGates;
let logger: RecordingLogger;
let refill: Refill;
/** What was asked for: when, where, and which chart. */
let asked: (readonly [number, string, string])[];
let answers: (access: ChartAccess) => boolean | RegistryError;

beforeEach(() => {
  clock = new FakeClock(START_MS);
  gates = new OriginGates(clock);
  logger = new RecordingLogger();
  asked = [];
  answers = () => true;
  refill = new Refill({ client: { complete }, gates, clock, logger });
});
afterEach(() => refill.close());

const complete = async (access: ChartAccess): Promise<boolean> => {
  asked.push([(clock.now() - START_MS) / 1000, access.reference.registry, access.reference.digest]);
  const answer = answers(access);
  if (answer instanceof Error) throw answer;
  return answer;
};
const want = (digests: readonly string[], registry = 'r.example', credential = me): void => refill.want({ registry, repository: 'ns/app' }, digests, { credential });
const failing = (code: RegistryErrorCode, retryAfterMs?: number) => new RegistryError(code, `cannot pull: ${code}`, retryAfterMs === undefined ? {} : { retryAfterMs });
const digestsAsked = (): readonly string[] => asked.map(([, , digest]) => digest);

describe('Refill', () => {
  it('fetches one chart a second, in order, and each once', async () => {
    want([A, B, C]);
    want([A, B]);
    await clock.advance(60_000);
    want([A, B, C]);
    await clock.advance(60_000);
    expect(asked).toEqual([
      [1, 'r.example', A],
      [2, 'r.example', B],
      [3, 'r.example', C],
    ]);
    expect(clock.pending).toBe(0);
  });

  it('does not wait after what was there', async () => {
    answers = () => false;
    want([A, B, C]);
    await clock.advance(1_000);
    expect(digestsAsked()).toEqual([A, B, C]);
  });

  it('notes once what the registry has no more', async () => {
    answers = ({ reference: { digest } }) => (digest === B ? failing('NotFound') : true);
    want([A, B, C]);
    await clock.advance(10_000);
    want([A, B, C], 'r.example', renewed);
    await clock.advance(3_600_000);
    expect(digestsAsked()).toEqual([A, B, C]);
    expect(logger.lines.filter(({ level }) => level === 'info')).toMatchObject([
      { fields: { chart: `r.example/ns/app@${B}`, code: 'NotFound' }, message: expect.stringContaining('cannot pull: NotFound') },
    ]);
  });

  it('asks again as somebody else for what it was refused', async () => {
    answers = ({ credential }) => (credential === me ? failing('Unauthorized') : true);
    want([A]);
    await clock.advance(10_000);
    want([A]);
    await clock.advance(10_000);
    expect(digestsAsked()).toEqual([A]);
    want([A], 'r.example', renewed);
    await clock.advance(10_000);
    expect(digestsAsked()).toEqual([A, A]);
  });

  it('leaves a registry that fails alone, longer each time, and goes on with others', async () => {
    let isAway = true;
    answers = ({ reference: { registry } }) => (registry === 'away.example' && isAway ? failing('Unavailable') : true);
    want([A, B], 'away.example');
    want([C]);
    await clock.advance(3_600_000);
    const away = asked.filter(([, registry]) => registry === 'away.example');
    expect(asked).toContainEqual([2, 'r.example', C]);
    // A minute at the least to look again, ten minutes with what chance adds in the end.
    expect(away.length).toBeGreaterThan(5);
    expect(away.length).toBeLessThan(30);
    isAway = false;
    await clock.advance(900_000);
    expect(
      asked
        .slice(-2)
        .map(([, registry, digest]) => [registry, digest])
        .toSorted(),
    ).toEqual([
      ['away.example', A],
      ['away.example', B],
    ]);
  });

  it('waits as long as the registry asks to be left alone', async () => {
    answers = () => (asked.length === 1 ? failing('Throttled', 600_000) : true);
    want([A]);
    await clock.advance(599_000);
    expect(asked).toHaveLength(1);
    await clock.advance(120_000);
    expect(digestsAsked()).toEqual([A, A]);
  });

  it.each<readonly [string, Readonly<Record<string, string>>, number]>([
    ['does not take what polls and pulls need', { 'ratelimit-limit': '100;w=3600', 'ratelimit-remaining': '49;w=3600' }, 0],
    ['takes what is plenty', { 'ratelimit-limit': '100;w=3600', 'ratelimit-remaining': '50;w=3600' }, 1],
  ])('%s', async (_name, headers, soon) => {
    gates.at('r.example').hear(headers, true, clock.now());
    want([A]);
    await clock.advance(120_000);
    expect(asked).toHaveLength(soon);
    await clock.advance(3_600_000);
    expect(digestsAsked()).toEqual([A]);
  });

  it('ends when it is closed', async () => {
    want([A]);
    refill.close();
    want([B]);
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
