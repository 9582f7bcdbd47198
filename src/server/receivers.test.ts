import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PushHint, Sender } from '../core/push-event.ts';
import { type Notification, receiving } from './receivers.ts';

const SECRET = 'a secret of thirty-two characters';
const distribution = Buffer.from(JSON.stringify({ events: [{ action: 'push', target: { repository: 'ns/app', tag: '1' }, request: { host: 'r.example' } }] }));
const generic = Buffer.from(JSON.stringify({ references: ['r.example/ns/app:1'] }));
const github = Buffer.from(
  JSON.stringify({
    action: 'published',
    registry_package: { name: 'app', namespace: 'ns', package_type: 'CONTAINER', package_version: { container_metadata: { tag: { name: '1' } } } },
  }),
);
const harbor = Buffer.from(
  JSON.stringify({ type: 'PUSH_ARTIFACT', event_data: { resources: [{ tag: '1', resource_url: 'r.example/ns/app:1' }], repository: { repo_full_name: 'ns/app' } } }),
);
const dockerhub = Buffer.from(JSON.stringify({ push_data: { tag: '1' }, repository: { repo_name: 'ns/app' } }));
const signed = (body: Buffer, secret = SECRET): string => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

const scene = (type: Sender, options: { readonly registry?: string; readonly secret?: string | undefined } = {}) => {
  const hints: PushHint[] = [];
  let nowMs = 0;
  const secret = 'secret' in options ? options.secret : SECRET;
  const answer = receiving({
    receivers: [{ name: 'here', type, registry: options.registry, secret: async () => secret }],
    hint: (hint) => void hints.push(hint),
    now: () => nowMs,
  });
  const post = async (notification: Partial<Notification>): Promise<number> => (await answer({ path: '/hook/here', headers: {}, body: Buffer.alloc(0), ...notification })).status;
  const wait = (ms: number): void => {
    nowMs += ms;
  };
  return { hints, answer, post, wait };
};

describe('a receiver', () => {
  it.each<readonly [Sender, Partial<Notification>, string]>([
    ['distribution', { headers: { authorization: `Bearer ${SECRET}` }, body: distribution }, 'r.example'],
    ['harbor', { headers: { authorization: SECRET }, body: harbor }, 'r.example'],
    ['github', { headers: { 'x-hub-signature-256': signed(github) }, body: github }, 'ghcr.io'],
    ['dockerhub', { path: `/hook/here/${SECRET}`.replaceAll(' ', '-'), body: dockerhub }, 'docker.io'],
    ['generic', { headers: { 'x-signature': signed(generic) }, body: generic }, 'r.example'],
  ])('of %s takes what its sender proves to be from him, and nothing else', async (type, right, registry) => {
    const secret = type === 'dockerhub' ? SECRET.replaceAll(' ', '-') : SECRET;
    const { hints, post } = scene(type, { secret });
    expect(await post(right)).toBe(202);
    expect(hints).toEqual([{ registry, repository: 'ns/app', tag: '1' }]);
    const wrong: readonly Partial<Notification>[] = [
      { body: right.body ?? Buffer.alloc(0) },
      { ...right, path: '/hook/here/wrong', headers: { authorization: 'Bearer wrong', 'x-hub-signature-256': signed(github, 'wrong'), 'x-signature': signed(generic, 'wrong') } },
      ...(type === 'github' || type === 'generic' ? [{ ...right, body: Buffer.concat([right.body ?? Buffer.alloc(0), Buffer.from(' ')]) }] : []),
    ];
    for (const one of wrong) expect(await post(one)).toBe(403);
    expect(hints).toHaveLength(1);
  });

  it('answers the same to who is unknown, who is wrong, and whose secret cannot be read', async () => {
    const known = scene('generic');
    const unreadable = scene('generic', { secret: undefined });
    const signature = { 'x-signature': signed(generic) };
    const answers = await Promise.all([
      known.answer({ path: '/hook/there', headers: signature, body: generic }),
      known.answer({ path: '/hook/here', headers: { 'x-signature': signed(generic, 'wrong') }, body: generic }),
      known.answer({ path: '/', headers: signature, body: generic }),
      unreadable.answer({ path: '/hook/here', headers: signature, body: generic }),
      unreadable.answer({ path: '/hook/here', headers: { 'x-signature': signed(generic, '') }, body: generic }),
    ]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.status).toBe(403);
    expect([...known.hints, ...unreadable.hints]).toEqual([]);
  });

  it('speaks for the registry that it is for, where that is said', async () => {
    const { hints, post } = scene('distribution', { registry: 'public.example' });
    await post({ headers: { authorization: `Bearer ${SECRET}` }, body: distribution });
    expect(hints).toEqual([{ registry: 'public.example', repository: 'ns/app', tag: '1' }]);
  });

  it('thanks for what it cannot make anything of', async () => {
    const { hints, post } = scene('generic');
    for (const body of [Buffer.from('{'), Buffer.from('[]'), Buffer.from([0xff, 0xfe])]) expect(await post({ headers: { 'x-signature': signed(body) }, body })).toBe(202);
    expect(hints).toEqual([]);
  });

  it('takes so many at once, and then so many a second, from who proves who he is', async () => {
    const { post, wait } = scene('generic');
    const right = { headers: { 'x-signature': signed(generic) }, body: generic };
    for (let refused = 0; refused < 200; refused += 1) await post({ body: generic });
    const statuses = await Promise.all(Array.from({ length: 100 }, () => post(right)));
    expect(statuses.filter((status) => status === 202)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(40);
    wait(1000);
    expect([await post(right), await post(right), await post(right)]).toEqual([202, 202, 429]);
  });
});
