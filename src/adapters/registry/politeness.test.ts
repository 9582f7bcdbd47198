import { expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/fakes/clock.ts';
import { seeded } from '../../../test/seeded.ts';
import type { Logger } from '../../ports/logger.ts';
import { RegistryError, type TagAddress, type TagView } from '../../ports/registry.ts';
import { OriginGates } from './origin-gates.ts';
import { TagWatcher } from './tag-watcher.ts';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };
const signal = new AbortController().signal;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HOST = 'r.example';
/** How long a look takes. */
const LATENCY_MS = 50;
/** How many of them there are at once at a registry. */
const LOOKS = 6;

const address = (repository: string, tag: string): TagAddress => ({ reference: { registry: HOST, repository, tag }, credential: undefined });

/** A registry in virtual time, which remembers when it was asked. */
class Registry {
  readonly clock = new FakeClock(0, seeded(7));
  readonly askedAt: number[] = [];
  readonly gates = new OriginGates(this.clock);
  atOnce = 0;
  mostAtOnce = 0;
  answer: () => RegistryError | undefined = () => undefined;
  readonly watcher = new TagWatcher({
    resolve: () => this.#resolve(),
    list: () => Promise.reject(new Error('nobody follows a range')),
    wake: () => undefined,
    clock: this.clock,
    logger: silent,
    gates: this.gates,
  });

  follow(follower: string, tag: TagAddress, intervalMs = MINUTE): Promise<TagView> {
    return this.watcher.follow(follower, tag, { intervalMs, fresh: false }, signal);
  }

  /** Has so many tags followed, ten of each repository. */
  async followMany(count: number, intervalMs = MINUTE): Promise<void> {
    const following = Array.from({ length: count }, (_, at) => this.follow(`f${at}`, address(`ns/app-${Math.floor(at / 10)}`, `t${at % 10}`), intervalMs));
    for (let left = count; left > 0; left -= LOOKS) await this.clock.advance(LATENCY_MS);
    await Promise.all(following);
  }

  /** How many requests there were in each part of a time, of which there are so many. */
  async countsOver(parts: number, partMs: number): Promise<readonly number[]> {
    const counts: number[] = [];
    for (let part = 0; part < parts; part += 1) {
      const before = this.askedAt.length;
      await this.clock.advance(partMs);
      counts.push(this.askedAt.length - before);
    }
    return counts;
  }

  async #resolve(): Promise<string> {
    this.askedAt.push(this.clock.now());
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    const error = this.answer();
    await new Promise<void>((resolve) => void this.clock.after(LATENCY_MS, resolve));
    this.atOnce -= 1;
    if (error !== undefined) throw error;
    return 'sha256:a';
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

it('asks once an interval for ten thousand followers of a tag', async () => {
  const registry = new Registry();
  const following = Promise.all(Array.from({ length: 10_000 }, (_, at) => registry.follow(`f${at}`, address('ns/app', 'stable'))));
  await registry.clock.advance(LATENCY_MS);
  await following;
  expect(registry.askedAt).toHaveLength(1);
  const counts = await registry.countsOver(10, MINUTE + 6000);
  console.log(`10,000 followers of a tag: ${sum(counts)} requests in 11 intervals`);
  expect(sum(counts)).toSatisfy((total: number) => total === 11 || total === 10);
});

it('spreads a thousand tags of a hundred repositories evenly over the interval, a few at once', async () => {
  const registry = new Registry();
  await registry.followMany(1000);
  expect(registry.askedAt.length).toBeGreaterThanOrEqual(1000);
  for (let interval = 0; interval < 5; interval += 1) {
    const counts = await registry.countsOver(10, MINUTE / 10);
    expect(Math.max(...counts)).toBeLessThanOrEqual(115);
    // The first interval begins before the last of them was looked at for the first time.
    if (interval > 0) expect(Math.min(...counts)).toBeGreaterThanOrEqual(85);
  }
  console.log(`1,000 tags of 100 repositories: ${registry.mostAtOnce} requests at once at most`);
  expect(registry.mostAtOnce).toBeLessThanOrEqual(8);
});

it('spreads tags evenly that come one by one', async () => {
  const registry = new Registry();
  for (let at = 0; at < 200; at += 1) {
    const following = registry.follow(`f${at}`, address('ns/app', `t${at}`));
    await registry.clock.advance(LATENCY_MS + (at % 7) * 10);
    await following;
  }
  await registry.clock.advance(2 * MINUTE);
  expect(Math.max(...(await registry.countsOver(10, MINUTE / 10)))).toBeLessThanOrEqual(26);
});

it('asks once for each time that a registry asks to be left alone for', async () => {
  const registry = new Registry();
  await registry.followMany(1000);
  registry.answer = () => new RegistryError('Throttled', 'cannot', { retryAfterMs: 5 * MINUTE });
  await registry.clock.advance(MINUTE);
  // Those that were on their way when the first was refused.
  expect(registry.mostAtOnce).toBeLessThanOrEqual(8);
  for (let probe = 0; probe < 5; probe += 1) expect(await registry.countsOver(1, 5 * MINUTE + 1000)).toSatisfy(([count = 0]: readonly number[]) => count <= 1);
  const before = registry.askedAt.length;
  await registry.clock.advance(HOUR);
  expect(registry.askedAt.length - before).toSatisfy((probes: number) => probes >= 11 && probes <= 12);
});

it('leaves a registry that names no time alone for longer with each refusal', async () => {
  const registry = new Registry();
  await registry.followMany(100, 10_000);
  registry.answer = () => new RegistryError('Throttled', 'cannot');
  await registry.clock.advance(1000);
  const before = registry.askedAt.length;
  await registry.clock.advance(HOUR);
  // 30 s, 1, 2, 4, 8, then 15 min each.
  expect(registry.askedAt.length - before).toSatisfy((probes: number) => probes >= 7 && probes <= 9);
});

it.each([
  ['a minute', MINUTE],
  ['ten minutes', 10 * MINUTE],
  ['two hours', 2 * HOUR],
])('asks no more than at other times when a registry is back after %s, and each tag within an interval', async (_name, outageMs) => {
  const registry = new Registry();
  await registry.followMany(1000);
  await registry.clock.advance(2 * MINUTE);
  registry.answer = () => new RegistryError('Unavailable', 'cannot');
  await registry.clock.advance(outageMs);
  registry.answer = () => undefined;
  const counts = await registry.countsOver(120, 1000);
  const steady = 1000 / 60;
  // The most in a second, in ten, and in all.
  expect(Math.max(...counts)).toBeLessThanOrEqual(2 * steady);
  const tens = counts.flatMap((_count, at) => (at % 10 === 0 ? [sum(counts.slice(at, at + 10))] : []));
  expect(Math.max(...tens)).toBeLessThanOrEqual(1.2 * 10 * steady);
  expect(sum(counts.slice(60))).toBeGreaterThanOrEqual(950);
});

it('looks sooner than by turns at what failed in a time of weakness, and asks no more than twice as often for it', async () => {
  const registry = new Registry();
  await registry.followMany(60, 10 * MINUTE);
  await registry.clock.advance(20 * MINUTE);
  registry.answer = () => new RegistryError('Unavailable', 'cannot');
  await registry.clock.advance(4 * MINUTE);
  registry.answer = () => undefined;
  const inTrouble = async (): Promise<number> => {
    const views = Array.from({ length: 60 }, (_, at) => registry.follow(`f${at}`, address(`ns/app-${Math.floor(at / 10)}`, `t${at % 10}`), 10 * MINUTE));
    return (await Promise.all(views)).filter(({ trouble }) => trouble !== undefined).length;
  };
  expect(await inTrouble()).toBeGreaterThanOrEqual(20);
  // Six a minute at other times, or seven where the jitter brings one more.
  const counts = await registry.countsOver(5, MINUTE);
  expect(Math.max(...counts)).toBeLessThanOrEqual(2 * 7);
  expect(await inTrouble()).toBe(0);
});

it('tries a registry that is away a few times out of turn, however many tags it has', async () => {
  const registry = new Registry();
  await registry.followMany(1000, 10 * MINUTE);
  await registry.clock.advance(10 * MINUTE);
  const [steady = 0] = await registry.countsOver(1, 10 * MINUTE);
  registry.answer = () => new RegistryError('Unavailable', 'cannot');
  const [away = 0] = await registry.countsOver(1, 10 * MINUTE);
  expect(away - steady).toBeGreaterThan(3);
  expect(away - steady).toBeLessThan(40);
});

it('asks no more than at other times after it was left alone', async () => {
  const registry = new Registry();
  await registry.followMany(1000);
  registry.answer = () => new RegistryError('Throttled', 'cannot', { retryAfterMs: 3 * MINUTE });
  await registry.clock.advance(MINUTE);
  registry.answer = () => undefined;
  await registry.clock.advance(2 * MINUTE - 5000);
  const counts = await registry.countsOver(120, 1000);
  expect(Math.max(...counts)).toBeLessThanOrEqual((2 * 1000) / 60);
  expect(sum(counts.slice(60))).toBeGreaterThanOrEqual(950);
});

it('has a budget last that would not, and looks as often as it may', async () => {
  const registry = new Registry();
  const gate = registry.gates.at(HOST);
  const [limit, windowMs] = [100, HOUR];
  let left = limit;
  let refused = 0;
  registry.answer = () => {
    const now = registry.clock.now();
    const reset = Math.ceil((windowMs - (now % windowMs)) / 1000);
    if (left === 0) refused += 1;
    left = Math.max(0, left - 1);
    gate.hear({ 'ratelimit-limit': String(limit), 'ratelimit-remaining': String(left), 'ratelimit-reset': String(reset) }, true, now);
    return undefined;
  };
  // 600 an hour.
  await registry.followMany(10);
  const counts: number[] = [];
  for (let hour = 0; hour < 6; hour += 1) {
    left = limit;
    counts.push(...(await registry.countsOver(1, windowMs - (registry.clock.now() % windowMs))));
  }
  expect(refused).toBe(0);
  for (const count of counts) expect(count).toSatisfy((requests: number) => requests >= 70 && requests <= 100);
});

it('does not save where looks are not counted', async () => {
  const registry = new Registry();
  const gate = registry.gates.at(HOST);
  registry.answer = () => {
    gate.hear({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '40;w=21600' }, true, registry.clock.now());
    return undefined;
  };
  await registry.followMany(10);
  await registry.clock.advance(6 * HOUR);
  const [count = 0] = await registry.countsOver(1, HOUR);
  expect(count).toBeGreaterThanOrEqual(590);
});

it('tells how a registry fares', async () => {
  const registry = new Registry();
  await registry.followMany(3);
  registry.gates.at(HOST).hear({ 'ratelimit-limit': '100;w=600', 'ratelimit-remaining': '10;w=600' }, true, registry.clock.now());
  const now = registry.clock.now();
  const [view] = registry.watcher.registries();
  expect(view).toMatchObject({ registry: HOST, polls: 3, budget: { limit: 100, remaining: 10, until: now + 600_000 }, failures: 0, heldUntil: undefined });
  expect(view?.pollsPerMinute).toBeCloseTo(3, 6);
  expect(view?.stretch).toBe(Number.POSITIVE_INFINITY);
  expect(view?.nextPollAt).toBeGreaterThan(now);
  registry.answer = () => new RegistryError('Throttled', 'cannot', { retryAfterMs: 5 * MINUTE });
  await registry.clock.advance(11 * MINUTE);
  const [refused] = registry.watcher.registries();
  expect(refused?.failures).toBeGreaterThan(0);
  expect(refused?.heldUntil).toBeGreaterThan(registry.clock.now());
  registry.watcher.close();
  await settle();
  expect(registry.clock.pending).toBe(0);
});
