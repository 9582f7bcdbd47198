import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/fakes/clock.ts';
import type { Credential } from '../../ports/registry.ts';
import type { Token } from './token-answer.ts';
import { type AddressedQuestion, TokenFault } from './token-server.ts';
import { type TokenHolder, Tokens } from './tokens.ts';

const signal = AbortSignal.timeout(30_000);
const me: Credential = { kind: 'Password', username: 'me', password: 'p' };
const holder: TokenHolder = { origin: 'https://r.example', repository: 'ns/app', credential: me };
const question: AddressedQuestion = { realm: new URL('https://auth.example/'), party: 'Named', tls: undefined, registry: 'r.example', service: 'r', scopes: ['s'], credential: me };

let clock: FakeClock;
let asked: AddressedQuestion[];
let answer: (nth: number) => Promise<Token>;
let tokens: Tokens;
beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  answer = async (nth) => ({ token: `t${nth}`, lifeMs: 100_000 });
  tokens = new Tokens({ ask: (one) => answer(asked.push(one)) }, clock);
});

describe('Tokens', () => {
  it('have none before a registry has named a token server', async () => {
    expect(await tokens.current(holder, signal)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('keep a token for 80 % of its life, and get the next before it ends', async () => {
    expect(await tokens.renewed(holder, question, undefined, signal)).toBe('t1');
    await clock.advance(79_999);
    expect(await tokens.current(holder, signal)).toBe('t1');
    await clock.advance(1);
    expect(await tokens.current(holder, signal)).toBe('t2');
    expect(asked).toEqual([question, question]);
  });

  it('ask once, however many wait', async () => {
    let give: (token: Token) => void = () => undefined;
    answer = () => new Promise((resolve) => (give = resolve));
    const waiting = [1, 2, 3].map(() => tokens.renewed(holder, question, undefined, signal));
    await settle();
    give({ token: 't', lifeMs: 1000 });
    expect(await Promise.all(waiting)).toEqual(['t', 't', 't']);
    expect(asked).toHaveLength(1);
  });

  it('go on for who still waits when the first has gone', async () => {
    const stop = new AbortController();
    let give: (token: Token) => void = () => undefined;
    answer = () => new Promise((resolve) => (give = resolve));
    const gone = tokens.renewed(holder, question, undefined, stop.signal);
    const stays = tokens.renewed(holder, question, undefined, signal);
    stop.abort(new Error('enough'));
    await expect(gone).rejects.toThrow('enough');
    give({ token: 't', lifeMs: 1000 });
    expect(await stays).toBe('t');
  });

  it('are not shared between credentials, repositories and registries', async () => {
    await tokens.renewed(holder, question, undefined, signal);
    const others: readonly TokenHolder[] = [
      { ...holder, credential: undefined },
      { ...holder, credential: { ...me, password: 'q' } },
      { ...holder, credential: { kind: 'IdentityToken', identityToken: 'p', username: 'me', password: 'p' } },
      { ...holder, repository: 'ns/other' },
      { ...holder, origin: 'http://r.example' },
    ];
    for (const other of others) expect(await tokens.current(other, signal)).toBeUndefined();
  });

  it('replace a token that was refused, once for all who were refused with it', async () => {
    await tokens.renewed(holder, question, undefined, signal);
    expect(await tokens.renewed(holder, question, 't1', signal)).toBe('t2');
    expect(await tokens.renewed(holder, question, 't1', signal)).toBe('t2');
    expect(asked).toHaveLength(2);
  });

  it('ask when the registry wants another scope than before', async () => {
    await tokens.renewed(holder, question, undefined, signal);
    const wider = { ...question, scopes: ['s', 't'] };
    expect(await tokens.renewed(holder, wider, undefined, signal)).toBe('t2');
    expect(asked).toEqual([question, wider]);
  });

  it('use a token without a life once, and ask anew at once next time', async () => {
    answer = async (nth) => ({ token: `t${nth}`, lifeMs: 0 });
    expect(await tokens.renewed(holder, question, undefined, signal)).toBe('t1');
    expect(await tokens.current(holder, signal)).toBe('t2');
  });

  it('go on with the old token while it is good and the server fails, and no longer', async () => {
    await tokens.renewed(holder, question, undefined, signal);
    answer = () => Promise.reject(new TokenFault('Unavailable', 'down'));
    await clock.advance(99_999);
    expect(await tokens.current(holder, signal)).toBe('t1');
    await clock.advance(1);
    // Who goes without hears from the registry whom to ask now.
    expect(await tokens.current(holder, signal)).toBeUndefined();
  });

  it('do not have a server asked once more that wants to be left alone', async () => {
    await tokens.renewed(holder, question, undefined, signal);
    answer = () => Promise.reject(new TokenFault('Throttled', 'too many'));
    await clock.advance(100_000);
    await expect(tokens.current(holder, signal)).rejects.toThrow('too many');
  });

  it('are bounded in number', async () => {
    for (let nth = 0; nth < 1100; nth += 1) await tokens.renewed({ ...holder, repository: `ns/${nth}` }, question, undefined, signal);
    expect(await tokens.current({ ...holder, repository: 'ns/0' }, signal)).toBeUndefined();
    expect(await tokens.current({ ...holder, repository: 'ns/1099' }, signal)).toBe('t1100');
  });
});
