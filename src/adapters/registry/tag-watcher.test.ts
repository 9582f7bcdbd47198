import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/fakes/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Credential, RegistryError, type TagAddress, type TagView } from '../../ports/registry.ts';
import { abortable } from './abortable.ts';
import { OriginGates } from './origin-gates.ts';
import { TagWatcher } from './tag-watcher.ts';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };
const signal = new AbortController().signal;
const MINUTE = 60_000;
const once = { intervalMs: MINUTE, fresh: false };
const fresh = { intervalMs: MINUTE, fresh: true };

const address = (tag = '1', registry = 'r.example', credential?: Credential): TagAddress => ({ reference: { registry, repository: 'ns/app', tag }, credential });

/** A registry in memory: digests and errors by tag, and a count of how often and how much at once it was asked. */
class Registry {
  readonly clock = new FakeClock();
  readonly answers = new Map<string, string | Error>();
  readonly woken: string[] = [];
  readonly asked: string[] = [];
  atOnce = 0;
  mostAtOnce = 0;
  #hold: Promise<void> | undefined;
  readonly gates = new OriginGates(this.clock);
  readonly watcher = new TagWatcher({
    gates: this.gates,
    resolve: (tag, stop) => this.#resolve(tag, stop),
    list: () => Promise.reject(new Error('nobody follows a range')),
    wake: (follower) => this.woken.push(follower),
    clock: this.clock,
    logger: silent,
  });

  follow(follower: string, tag: TagAddress = address(), options = once, stop: AbortSignal = signal): Promise<TagView> {
    return this.watcher.follow(follower, tag, options, stop);
  }

  /** Lets looks hang until the returned function is called. */
  hold(): () => void {
    let release = (): void => {};
    this.#hold = new Promise((resolve) => {
      release = () => {
        this.#hold = undefined;
        resolve();
      };
    });
    return () => release();
  }

  async #resolve({ reference: { tag } }: TagAddress, stop: AbortSignal): Promise<string> {
    this.asked.push(tag);
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    await abortable(this.#hold ?? Promise.resolve(), stop);
    this.atOnce -= 1;
    const answer = this.answers.get(tag) ?? 'sha256:a';
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

const down = new RegistryError('Unavailable', 'cannot resolve');
const throttled = (retryAfterMs: number): RegistryError => new RegistryError('Throttled', 'cannot resolve', { retryAfterMs });

describe('TagWatcher.follow', () => {
  it('looks at a new tag at once', async () => {
    const registry = new Registry();
    expect(await registry.follow('x')).toEqual({ digest: 'sha256:a', trouble: undefined });
    expect(registry.woken).toEqual([]);
  });

  it('answers from what is known', async () => {
    const registry = new Registry();
    await registry.follow('x');
    await registry.follow('x');
    await registry.follow('y');
    expect(registry.asked).toHaveLength(1);
  });

  it('looks anew when asked for something fresh, and wakes the others only', async () => {
    const registry = new Registry();
    await registry.follow('x');
    await registry.follow('y');
    registry.answers.set('1', 'sha256:b');
    expect(await registry.follow('x', address(), fresh)).toMatchObject({ digest: 'sha256:b' });
    expect(registry.woken).toEqual(['y']);
  });

  it('looks once for all who come while it looks', async () => {
    const registry = new Registry();
    const release = registry.hold();
    const views = Promise.all(Array.from({ length: 1000 }, (_, index) => registry.follow(`f${index}`)));
    await settle();
    release();
    expect(new Set((await views).map(({ digest }) => digest))).toEqual(new Set(['sha256:a']));
    expect(registry.asked).toHaveLength(1);
    expect(registry.woken).toEqual([]);
  });

  it('looks once more for who wants something fresh while it looks already', async () => {
    const registry = new Registry();
    const release = registry.hold();
    const early = registry.follow('early');
    await settle();
    const late = Promise.all([registry.follow('late', address(), fresh), registry.follow('later', address(), fresh)]);
    await settle();
    release();
    await early;
    registry.answers.set('1', 'sha256:b');
    expect((await late).map(({ digest }) => digest)).toEqual(['sha256:b', 'sha256:b']);
    expect(registry.asked).toHaveLength(2);
  });

  it('does not wait for a slow registry, and wakes the follower when it has answered', async () => {
    const registry = new Registry();
    const release = registry.hold();
    const view = registry.follow('x');
    await registry.clock.advance(1_000);
    expect(await view).toEqual({ digest: undefined, trouble: undefined });
    expect(registry.woken).toEqual([]);
    release();
    await settle();
    expect(registry.woken).toEqual(['x']);
    expect(await registry.follow('x')).toEqual({ digest: 'sha256:a', trouble: undefined });
  });

  it('answers with trouble and does not ask again for it', async () => {
    const registry = new Registry();
    registry.answers.set('1', down);
    expect(await registry.follow('x')).toEqual({ digest: undefined, trouble: down });
    expect(await registry.follow('x')).toEqual({ digest: undefined, trouble: down });
    expect(registry.asked).toHaveLength(1);
  });

  it('says Unavailable of errors that are none of its own', async () => {
    const registry = new Registry();
    registry.answers.set('1', new TypeError('oops'));
    expect((await registry.follow('x')).trouble).toMatchObject({ code: 'Unavailable', message: 'cannot resolve r.example/ns/app:1: looking at it failed' });
  });

  it('rejects with the reason of the signal, and the look goes on for the others', async () => {
    const registry = new Registry();
    const release = registry.hold();
    const stop = new AbortController();
    const gone = registry.follow('x', address(), once, stop.signal);
    const stays = registry.follow('y');
    stop.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    release();
    expect(await stays).toMatchObject({ digest: 'sha256:a' });
  });

  it('does not mix credentials', async () => {
    const registry = new Registry();
    await registry.follow('x', address('1', 'r', { kind: 'Password', username: 'u', password: 'a' }));
    await registry.follow('y', address('1', 'r', { kind: 'Password', username: 'u', password: 'b' }));
    await registry.follow('z', address('1', 'r', { kind: 'Password', username: 'u', password: 'b' }));
    expect(registry.asked).toHaveLength(2);
  });
});

describe('TagWatcher polls', () => {
  it('once an interval for a thousand followers, and wakes each when the tag moves', async () => {
    const registry = new Registry();
    for (let index = 0; index < 1000; index += 1) await registry.follow(`f${index}`);
    await registry.clock.advance(3 * MINUTE);
    expect(registry.asked).toHaveLength(4);
    expect(registry.woken).toEqual([]);
    registry.answers.set('1', 'sha256:b');
    await registry.clock.advance(MINUTE);
    expect(new Set(registry.woken).size).toBe(1000);
    expect(registry.woken).toHaveLength(1000);
    expect(await registry.follow('f0')).toEqual({ digest: 'sha256:b', trouble: undefined });
    await registry.clock.advance(MINUTE);
    expect(registry.woken).toHaveLength(1000);
  });

  it('at the smallest interval of the followers', async () => {
    const registry = new Registry();
    await registry.follow('x', address(), { intervalMs: 10 * MINUTE, fresh: false });
    await registry.clock.advance(5000);
    await registry.follow('y', address(), { intervalMs: 10_000, fresh: false });
    await registry.clock.advance(5000);
    expect(registry.asked).toHaveLength(2);
    await registry.clock.advance(20_000);
    expect(registry.asked).toHaveLength(4);
    registry.watcher.unfollow('y');
    await registry.clock.advance(10_000 + 9 * MINUTE);
    expect(registry.asked).toHaveLength(5);
    await registry.clock.advance(MINUTE);
    expect(registry.asked).toHaveLength(6);
  });

  it('different tags on their own', async () => {
    const registry = new Registry();
    const release = registry.hold();
    const first = registry.follow('x', address('1'));
    const second = registry.follow('y', address('2'));
    await settle();
    expect(registry.atOnce).toBe(2);
    release();
    await Promise.all([first, second]);
  });

  it('at most 16 at once in all and 6 a registry', async () => {
    const registry = new Registry();
    const release = registry.hold();
    const many = (name: string): Promise<TagView>[] => Array.from({ length: 20 }, (_, index) => registry.follow(`${name}${index}`, address(String(index), name)));
    const first = many('a');
    await settle();
    expect(registry.atOnce).toBe(6);
    const rest = ['b', 'c', 'd'].flatMap(many);
    await settle();
    expect(registry.atOnce).toBe(16);
    release();
    await Promise.all([...first, ...rest]);
    expect(registry.mostAtOnce).toBe(16);
    expect(registry.asked).toHaveLength(80);
  });
});

describe('TagWatcher in trouble', () => {
  it('wakes when it begins, changes and ends, keeps the digest, and slows down', async () => {
    const registry = new Registry();
    await registry.follow('x', address(), { intervalMs: 10_000, fresh: false });
    registry.answers.set('1', down);
    await registry.clock.advance(10_000);
    expect(registry.woken).toEqual(['x']);
    expect(await registry.follow('x', address(), { intervalMs: 10_000, fresh: false })).toEqual({ digest: 'sha256:a', trouble: down });
    await registry.clock.advance(10_000 + 20_000);
    // After 0.75, 1.5 and 3 s, at the next turn, 6 s after that, and then, as 12 s are more than an interval, at turns alone, 20 s later.
    expect(registry.asked).toHaveLength(8);
    expect(registry.woken).toEqual(['x']);
    registry.answers.set('1', new RegistryError('NotFound', 'gone'));
    await registry.clock.advance(40_000);
    expect(registry.woken).toEqual(['x', 'x']);
    registry.answers.delete('1');
    await registry.clock.advance(80_000);
    expect(registry.woken).toEqual(['x', 'x', 'x']);
    expect(await registry.follow('x')).toEqual({ digest: 'sha256:a', trouble: undefined });
  });

  it('tries again soon what failed at the first look, however long the interval', async () => {
    const registry = new Registry();
    registry.answers.set('1', down);
    expect(await registry.follow('x', address(), { intervalMs: 10 * MINUTE, fresh: false })).toEqual({ digest: undefined, trouble: down });
    await registry.clock.advance(750);
    expect(registry.asked).toHaveLength(2);
    registry.answers.delete('1');
    await registry.clock.advance(1500);
    expect(registry.asked).toHaveLength(3);
    expect(registry.woken).toEqual(['x']);
    await registry.clock.advance(9 * MINUTE);
    expect(registry.asked).toHaveLength(3);
  });

  it.each<readonly [string, RegistryError]>([
    ['what is not there', new RegistryError('NotFound', 'gone')],
    ['what is refused', new RegistryError('Unauthorized', 'no')],
    ['who asks to be left alone', throttled(MINUTE)],
  ])('does not try %s out of turn', async (_name, error) => {
    const registry = new Registry();
    registry.answers.set('1', error);
    await registry.follow('x', address(), { intervalMs: 10 * MINUTE, fresh: false });
    await registry.clock.advance(MINUTE - 1);
    expect(registry.asked).toHaveLength(1);
  });

  it('tries one at a time out of turn, also where the one before it is followed no more, or does not come back', async () => {
    const registry = new Registry();
    for (const tag of ['1', '2', '3']) registry.answers.set(tag, down);
    for (const tag of ['1', '2', '3']) await registry.follow(tag, address(tag), { intervalMs: MINUTE, fresh: false });
    await registry.clock.advance(2_000);
    expect(registry.asked.slice(3)).toEqual(['1']);
    registry.watcher.unfollow('1');
    registry.answers.delete('3');
    // The second has its tries, until it has waited for as long as its interval.
    await registry.clock.advance(1_000);
    expect(registry.asked.slice(4)).toEqual(['2']);
    registry.watcher.unfollow('2');
    await registry.clock.advance(1_000);
    expect(registry.asked.slice(5)).toEqual(['3']);
  });

  it('leaves the whole registry alone for as long as it asks, and probes with one look after', async () => {
    const registry = new Registry();
    for (const tag of ['1', '2', '3']) await registry.follow(tag, address(tag));
    registry.answers.set('1', throttled(5 * MINUTE));
    await registry.follow('1', address('1'), fresh);
    await registry.clock.advance(5 * MINUTE - 1);
    expect(registry.asked).toHaveLength(4);
    expect(registry.woken).toEqual([]);
    expect(await registry.follow('4', address('4'))).toMatchObject({ digest: undefined, trouble: { code: 'Throttled' } });
    expect(await registry.follow('2', address('2'), fresh)).toEqual({ digest: 'sha256:a', trouble: undefined });
    expect(registry.asked).toHaveLength(4);
    const release = registry.hold();
    await registry.clock.advance(2 * MINUTE);
    expect(registry.asked).toHaveLength(5);
    registry.answers.delete('1');
    release();
    await registry.clock.advance(2 * MINUTE);
    expect(new Set(registry.asked.slice(4))).toEqual(new Set(['1', '2', '3', '4']));
    expect(registry.woken).toContain('4');
  });

  it('leaves other registries out of it', async () => {
    const registry = new Registry();
    registry.answers.set('1', throttled(5 * MINUTE));
    await registry.follow('x', address('1', 'a'));
    expect(await registry.follow('y', address('2', 'b'))).toMatchObject({ digest: 'sha256:a' });
  });

  it('does not wait longer than a quarter of an hour, whatever the registry says', async () => {
    const registry = new Registry();
    registry.answers.set('1', throttled(86_400_000));
    await registry.follow('x');
    await registry.clock.advance(17 * MINUTE);
    expect(registry.asked).toHaveLength(2);
  });
});

describe('TagWatcher.hint', () => {
  const hint = (tag?: string, registry = 'r.example', repository = 'ns/app') => ({ registry, repository, tag });
  const slowly = { intervalMs: 10 * MINUTE, fresh: false };

  it('has a tag looked at now, and wakes whoever follows it when it moved', async () => {
    const registry = new Registry();
    await registry.follow('x', address('1'), slowly);
    await registry.follow('y', address('2'), slowly);
    registry.answers.set('1', 'sha256:b');
    await registry.clock.advance(MINUTE);
    registry.watcher.hint(hint('1'));
    await registry.clock.advance(0);
    expect(registry.asked).toEqual(['1', '2', '1']);
    expect(registry.woken).toEqual(['x']);
  });

  it('has all tags of a repository looked at where it names none', async () => {
    const registry = new Registry();
    for (const tag of ['1', '2', '3']) await registry.follow(tag, address(tag), slowly);
    await registry.clock.advance(MINUTE);
    registry.watcher.hint(hint());
    await registry.clock.advance(0);
    expect(registry.asked).toEqual(['1', '2', '3', '1', '2', '3']);
  });

  it.each([
    ['a host', hint('1', 'evil.example')],
    ['a repository', hint('1', 'r.example', 'ns/app2')],
    ['a part of one', hint('1', 'r.example', 'ns')],
    ['a tag', hint('2')],
  ])('asks nobody about %s that nobody follows', async (_name, unknown) => {
    const registry = new Registry();
    await registry.follow('x', address('1'), slowly);
    await registry.clock.advance(MINUTE);
    registry.watcher.hint(unknown);
    await registry.clock.advance(MINUTE);
    expect(registry.asked).toEqual(['1']);
    expect([...registry.gates.entries()].map(([host]) => host)).toEqual(['r.example']);
  });

  it('knows a registry by all of its names', async () => {
    const registry = new Registry();
    await registry.follow('x', address('1', 'index.docker.io'), slowly);
    await registry.clock.advance(MINUTE);
    registry.watcher.hint(hint('1', 'docker.io'));
    await registry.clock.advance(0);
    expect(registry.asked).toHaveLength(2);
  });

  it('is one with others that come at once, or while a look is under way, and the polls go on as they were', async () => {
    const registry = new Registry();
    await registry.follow('x', address('1'), slowly);
    await registry.clock.advance(MINUTE);
    for (let hints = 0; hints < 100; hints += 1) registry.watcher.hint(hint('1'));
    const release = registry.hold();
    await registry.clock.advance(0);
    expect(registry.asked).toHaveLength(2);
    for (let hints = 0; hints < 100; hints += 1) registry.watcher.hint(hint('1'));
    release();
    await registry.clock.advance(999);
    expect(registry.asked).toHaveLength(2);
    await registry.clock.advance(1);
    expect(registry.asked).toHaveLength(3);
    await registry.clock.advance(9 * MINUTE - 1001);
    expect(registry.asked).toHaveLength(3);
    await registry.clock.advance(1);
    expect(registry.asked).toHaveLength(4);
  });

  it('is no way around a registry that asked to be left alone', async () => {
    const registry = new Registry();
    await registry.follow('x', address('1'), slowly);
    registry.answers.set('1', throttled(5 * MINUTE));
    await registry.follow('x', address('1'), { ...slowly, fresh: true });
    for (let minute = 0; minute < 5; minute += 1) {
      registry.watcher.hint(hint('1'));
      await registry.clock.advance(MINUTE - 1);
    }
    expect(registry.asked).toHaveLength(2);
  });
});

describe('TagWatcher ends', () => {
  it('polling with the last follower', async () => {
    const registry = new Registry();
    await registry.follow('x');
    await registry.follow('y');
    registry.watcher.unfollow('x');
    await registry.clock.advance(MINUTE);
    expect(registry.asked).toHaveLength(2);
    registry.watcher.unfollow('y');
    registry.watcher.unfollow('never');
    expect(registry.clock.pending).toBe(0);
  });

  it('following one tag when a follower takes another', async () => {
    const registry = new Registry();
    await registry.follow('x', address('1'));
    await registry.follow('x', address('2'));
    await registry.clock.advance(MINUTE);
    expect(registry.asked).toEqual(['1', '2', '2']);
  });

  it('a look that nobody waits for any longer', async () => {
    const registry = new Registry();
    registry.hold();
    const view = registry.follow('x');
    await settle();
    registry.watcher.unfollow('x');
    expect(await view).toMatchObject({ digest: undefined, trouble: { code: 'Unavailable' } });
    expect(registry.clock.pending).toBe(0);
  });

  it('everything when closed', async () => {
    const registry = new Registry();
    await registry.follow('x', address('1'));
    registry.hold();
    const view = registry.follow('y', address('2'));
    await settle();
    registry.watcher.close();
    expect(await view).toMatchObject({ trouble: { code: 'Unavailable' } });
    expect(await registry.follow('z')).toMatchObject({ trouble: { code: 'Unavailable' } });
    expect(registry.clock.pending).toBe(0);
  });
});
