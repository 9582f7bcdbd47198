import { createHmac } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import { TagWatcher } from '../../src/adapters/registry/tag-watcher.ts';
import { tagListOf } from '../../src/core/chosen-tag.ts';
import { type Sender, SENDERS } from '../../src/core/push-event.ts';
import { printReference, type Reference } from '../../src/core/reference.ts';
import { parseRange } from '../../src/core/version-range.ts';
import { type Notification, receiving } from '../../src/server/receivers.ts';
import { FakeClock } from '../fakes/clock.ts';
import { RecordingLogger } from '../kube/recording-logger.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
/** Longer than all texts together take: what is looked at is looked at for a notification. */
const NEVER_MS = 10 ** 12;
const BETWEEN_MS = 60_000;
const signal = new AbortController().signal;

/** As they are sent, shortened. */
const BODIES: readonly unknown[] = [
  {
    events: [
      {
        id: '320678d8-ca14-430f-8bb6-4ca139cd83f7',
        timestamp: '2026-03-09T14:44:26.402973972-08:00',
        action: 'push',
        target: {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          size: 708,
          digest: `sha256:${'f'.repeat(64)}`,
          length: 708,
          repository: 'ns/app',
          url: 'http://evil.example:5000/v2/evil/manifests/sha256:f',
          tag: '1.0.0',
        },
        request: { id: '6df24a34', addr: '192.0.2.64:40872', host: 'r.example', method: 'PUT', useragent: 'Helm/4' },
        actor: {},
        source: { addr: 'evil.example:5000', instanceID: 'a53db899' },
      },
      { id: '2', action: 'delete', target: { repository: 'ns/app', tag: '1.0.0' }, request: { host: 'r.example' } },
    ],
  },
  {
    type: 'PUSH_ARTIFACT',
    occur_at: 1_586_922_308,
    operator: 'admin',
    event_data: {
      resources: [{ digest: `sha256:${'8'.repeat(64)}`, tag: '1.0.0', resource_url: 'r.example/ns/app:1.0.0' }],
      repository: { date_created: 1_586_922_308, name: 'app', namespace: 'ns', repo_full_name: 'ns/app', repo_type: 'private' },
    },
  },
  {
    action: 'published',
    registry_package: {
      id: 1,
      name: 'app',
      namespace: 'ns',
      ecosystem: 'CONTAINER',
      package_type: 'CONTAINER',
      html_url: 'https://evil.example/packages/1',
      package_version: { id: 1, package_url: 'ghcr.io/ns/app:1.0.0', container_metadata: { tag: { name: '1.0.0', digest: 'sha256:0' }, labels: {} } },
      owner: { login: 'ns', url: 'https://evil.example/users/1' },
    },
  },
  {
    callback_url: 'https://evil.example/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/',
    push_data: { pushed_at: 1_417_566_161, pusher: 'ns', tag: '1.0.0' },
    repository: { name: 'app', namespace: 'ns', owner: 'ns', repo_name: 'ns/app', repo_url: 'https://evil.example/r/1' },
  },
  { references: ['r.example/ns/app:1.0.0', 'oci://r.example/ns/app', 'evil.example/ns/app:1.0.0'] },
];

const STRANGE = fc.oneof(
  fc.constantFrom('evil.example', 'http://evil.example/x', 'r.example/ns/app', '', '__proto__', '../..', '1.0.0', 'r.example:443', '\u0000', 'ns/app', 'NS/APP'),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A real body in which values are others, or missing, or that is cut and mended somewhere. */
const mutated: Arbitrary<string> = fc
  .tuple(fc.constantFrom(...BODIES), fc.array(fc.tuple(fc.nat(30), STRANGE), { maxLength: 4 }), fc.option(fc.tuple(fc.nat(800), fc.nat(40), fc.string({ maxLength: 4 }))))
  .map(([body, changes, splice]) => {
    const changed = JSON.stringify(changes.reduce((text: unknown, [place, value]) => changedAt(text, { left: place }, value), body));
    if (splice === null) return changed;
    const at = splice[0] % changed.length;
    return `${changed.slice(0, at)}${splice[2]}${changed.slice(at + splice[1])}`;
  });

/** The same with another value at the n-th place, counted as they are met. */
const changedAt = (value: unknown, counter: { left: number }, by: unknown): unknown => {
  if (counter.left === 0) {
    counter.left -= 1;
    return by;
  }
  counter.left -= 1;
  if (Array.isArray(value)) return value.map((one) => changedAt(one, counter, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, changedAt(one, counter, by)]));
};

export const NOTIFICATION: Arbitrary<string> = fc.oneof({ weight: 4, arbitrary: mutated }, fc.json());

/** What is followed, by a tag or by a range, and who is told. */
const FOLLOWED: readonly Reference[] = ['r.example', 'ghcr.io', 'docker.io'].map((registry) => ({ registry, repository: 'ns/app', tag: '1.0.0' }));
const RANGED = { registry: 'r.example', repository: 'ns/app' };

/** An operator's receivers and tags, with everything that is asked of registries. */
class Listening {
  readonly #clock = new FakeClock();
  readonly #asked: string[] = [];
  readonly #woken: string[] = [];
  #pushes = 0;
  readonly #watcher = new TagWatcher({
    resolve: async ({ reference }) => {
      this.#asked.push(printReference(reference));
      return `sha256:${String(this.#pushes).padStart(64, '0')}`;
    },
    list: async ({ reference }) => {
      this.#asked.push(printReference(reference));
      return tagListOf(['1.0.0']);
    },
    wake: (follower) => void this.#woken.push(follower),
    clock: this.#clock,
    logger: new RecordingLogger(),
  });
  readonly #receive = receiving({
    receivers: SENDERS.map((type) => ({ name: type, type, registry: undefined, secret: async () => SECRET })),
    hint: (hint) => this.#watcher.hint(hint),
    now: () => this.#clock.elapsed(),
  });

  async begin(): Promise<this> {
    const range = parseRange('^1');
    if (range.kind === 'Invalid') throw new Error(range.message);
    for (const reference of FOLLOWED) await this.#follow({ ...reference, tag: reference.tag ?? '' });
    const address = { reference: RANGED, range: range.range, credential: undefined };
    await this.#watcher.followRange('range', address, { intervalMs: NEVER_MS, listIntervalMs: NEVER_MS, fresh: false }, signal);
    await this.#clock.advance(BETWEEN_MS);
    return this;
  }

  /** What is asked, and who is woken, when this comes from each kind of sender and everything was pushed anew. */
  async hear(body: string): Promise<{ readonly asked: readonly string[]; readonly woken: readonly string[] }> {
    this.#asked.length = 0;
    this.#woken.length = 0;
    this.#pushes += 1;
    for (const type of SENDERS) {
      const { status } = await this.#receive(notification(type, Buffer.from(body)));
      if (status !== 202) throw new Error(`a notification of ${type} is answered with ${status}`);
    }
    await this.#clock.advance(BETWEEN_MS);
    return { asked: [...this.#asked], woken: [...this.#woken] };
  }

  #follow(reference: Reference & { readonly tag: string }) {
    return this.#watcher.follow(printReference(reference), { reference, credential: undefined }, { intervalMs: NEVER_MS, fresh: false }, signal);
  }
}

const notification = (type: Sender, body: Buffer): Notification => {
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  return { path: `/hook/${type}/${SECRET}`, headers: { authorization: `Bearer ${SECRET}`, 'x-signature': signature, 'x-hub-signature-256': signature }, body };
};

const KNOWN = new Set([...FOLLOWED, RANGED].map(printReference));
const FOLLOWERS = new Set([...FOLLOWED.map(printReference), 'range']);

const SENT = new Set(BODIES.map((body) => JSON.stringify(body)));

/**
 * Has an operator take bodies from each of its receivers. The function rejects where something is asked, or somebody woken, that no notification may lead to, and where
 * one that is as its sender sends it leads to nothing.
 */
export const hearing = (): ((body: string) => Promise<void>) => {
  const listening = new Listening().begin();
  return async (body) => {
    const { asked, woken } = await (await listening).hear(body);
    const strangers = [...asked.filter((one) => !KNOWN.has(one)), ...woken.filter((one) => !FOLLOWERS.has(one))];
    if (strangers.length > 0) throw new Error(`it leads to ${strangers.join(', ')}`);
    if (new Set(asked).size < asked.length) throw new Error(`it has one thing looked at more than once: ${asked.join(', ')}`);
    const unnamed = asked.filter((one) => !isNamedIn(textsIn(body), one));
    if (unnamed.length > 0) throw new Error(`it does not name what it has looked at: ${unnamed.join(', ')}`);
    if (SENT.has(body) && (asked.length === 0 || woken.length === 0)) throw new Error('nobody hears what it says');
  };
};

/** Whether host and repository are in some text of a body. Docker Hub does not say its host, and GitHub neither that nor the repository in one piece. */
const isNamedIn = (texts: readonly string[], reference: string): boolean => {
  const [registry = ''] = reference.split('/', 1);
  const isRepository = texts.some((text) => text.includes(RANGED.repository));
  if (registry === 'docker.io') return isRepository;
  const isPackage = RANGED.repository.split('/').every((part) => texts.some((text) => text.toLowerCase() === part));
  if (registry === 'ghcr.io' && isPackage) return true;
  return isRepository && texts.some((text) => text.includes(registry));
};

/** All texts of a body that can be read, with their escapes. */
const textsIn = (body: string): readonly string[] => {
  const texts: string[] = [];
  JSON.parse(body, (_key, value: unknown) => (typeof value === 'string' ? texts.push(value) : 0));
  return texts;
};
