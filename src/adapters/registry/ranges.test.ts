import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { tagListOf } from '../../core/chosen-tag.ts';
import { parseRange } from '../../core/version-range.ts';
import type { Logger } from '../../ports/logger.ts';
import { type RangeView, RegistryError } from '../../ports/registry.ts';
import { TagWatcher } from './tag-watcher.ts';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };
const signal = new AbortController().signal;
const MINUTE = 60_000;

let clock: FakeClock;
let tags: string[];
let digests: Map<string, string>;
let failure: RegistryError | undefined;
let asked: string[];
let woken: string[];
let watcher: TagWatcher;

beforeEach(() => {
  clock = new FakeClock();
  tags = ['1.0.0', '1.1.0', '2.0.0'];
  digests = new Map();
  failure = undefined;
  asked = [];
  woken = [];
  watcher = new TagWatcher({
    resolve: async ({ reference: { tag } }) => {
      asked.push(tag);
      if (!tags.includes(tag)) throw new RegistryError('NotFound', `no ${tag}`);
      return digests.get(tag) ?? `sha256:${tag}`;
    },
    list: async () => {
      asked.push('list');
      if (failure !== undefined) throw failure;
      return tagListOf(tags);
    },
    wake: (follower) => woken.push(follower),
    clock,
    logger: silent,
  });
});

const follow = (follower: string, text: string, fresh = false): Promise<RangeView> => {
  const parsed = parseRange(text);
  if (parsed.kind === 'Invalid') throw new Error(parsed.message);
  const address = { reference: { registry: 'r.example', repository: 'ns/app' }, range: parsed.range, credential: undefined };
  return watcher.followRange(follower, address, { intervalMs: MINUTE, listIntervalMs: 5 * MINUTE, fresh }, signal);
};
const times = (what: string): number => asked.filter((one) => one === what).length;

describe('TagWatcher.followRange', () => {
  it('follows the highest tag in the range', async () => {
    expect(await follow('x', '^1')).toEqual({ tag: '1.1.0', digest: 'sha256:1.1.0', trouble: undefined });
  });

  it('lists the tags once for all ranges, and looks once at each tag that was chosen', async () => {
    for (const [follower, range] of Object.entries({ a: '^1', b: '~1.1', c: '^2', d: '*' })) await follow(follower, range);
    expect(asked.toSorted()).toEqual(['1.1.0', '2.0.0', 'list']);
    await clock.advance(10 * MINUTE);
    expect([times('list'), times('1.1.0'), times('2.0.0')]).toEqual([3, 11, 11]);
  });

  it('wakes who gets another tag, and nobody else', async () => {
    await follow('one', '^1');
    await follow('two', '^2');
    tags.push('1.2.0', 'latest');
    await clock.advance(5 * MINUTE);
    expect(woken).toEqual(['one']);
    expect(await follow('one', '^1')).toMatchObject({ tag: '1.2.0', digest: 'sha256:1.2.0' });
    // The tag before is looked at no longer.
    const before = times('1.1.0');
    await clock.advance(3 * MINUTE);
    expect(times('1.1.0')).toBe(before);
  });

  it('wakes when the chosen tag moves', async () => {
    await follow('x', '^1');
    digests.set('1.1.0', 'sha256:moved');
    await clock.advance(MINUTE);
    expect(woken).toEqual(['x']);
    expect(await follow('x', '^1')).toMatchObject({ tag: '1.1.0', digest: 'sha256:moved' });
  });

  it('goes down only when the tag is gone from the list', async () => {
    await follow('x', '^1');
    tags = tags.filter((tag) => tag !== '1.1.0');
    // It cannot be looked at any more, which is trouble, and no reason to take another one.
    await clock.advance(MINUTE);
    expect(await follow('x', '^1')).toMatchObject({ tag: '1.1.0', digest: 'sha256:1.1.0', trouble: { code: 'NotFound' } });
    await clock.advance(4 * MINUTE);
    expect(await follow('x', '^1')).toEqual({ tag: '1.0.0', digest: 'sha256:1.0.0', trouble: undefined });
  });

  it('says what there is where nothing is in the range, and wakes when there is', async () => {
    expect(await follow('x', '^3')).toMatchObject({
      tag: undefined,
      digest: undefined,
      trouble: { code: 'NoMatch', message: 'cannot choose a version of r.example/ns/app: no version in the range ^3 among 3 tags, of which 3 are versions; the nearest is 2.0.0' },
    });
    tags.push('3.0.0');
    await clock.advance(5 * MINUTE);
    expect(woken).toEqual(['x']);
    expect(await follow('x', '^3')).toMatchObject({ tag: '3.0.0', trouble: undefined });
  });

  it('keeps the tag while the list cannot be had', async () => {
    await follow('x', '^1');
    failure = new RegistryError('Unavailable', 'down');
    await clock.advance(5 * MINUTE);
    expect(woken).toEqual(['x']);
    expect(await follow('x', '^1')).toEqual({ tag: '1.1.0', digest: 'sha256:1.1.0', trouble: failure });
    failure = undefined;
    await clock.advance(10 * MINUTE);
    expect(woken).toEqual(['x', 'x']);
  });

  it('lists anew for who wants to see what is there now', async () => {
    await follow('x', '^1');
    tags.push('1.3.0');
    expect(await follow('x', '^1', true)).toMatchObject({ tag: '1.3.0' });
  });

  it('lists the tags when somebody says that one was pushed, which nobody follows yet', async () => {
    await follow('x', '^1');
    await clock.advance(2 * MINUTE);
    tags.push('1.4.0');
    watcher.hint({ registry: 'r.example', repository: 'ns/app', tag: '1.4.0' });
    await clock.advance(0);
    expect(woken).toEqual(['x']);
    expect(await follow('x', '^1')).toMatchObject({ tag: '1.4.0' });
  });

  it('ends with a tag that is followed in its place, and with the follower', async () => {
    await follow('x', '^1');
    await watcher.follow('x', { reference: { registry: 'r.example', repository: 'ns/app', tag: '2.0.0' }, credential: undefined }, { intervalMs: MINUTE, fresh: false }, signal);
    await clock.advance(10 * MINUTE);
    expect([times('list'), times('1.1.0')]).toEqual([1, 1]);
    await follow('x', '^1');
    watcher.unfollow('x');
    expect(clock.pending).toBe(0);
  });
});
