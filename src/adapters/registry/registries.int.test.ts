import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { makeAuthority } from '../../../test/registry/certificates.ts';
import { type CncfRegistryOptions, startCncfRegistry, USER } from '../../../test/registry/cncf-registry.ts';
import { type HelmPush, helmPush } from '../../../test/registry/helm-push.ts';
import { smallChart } from '../../../test/registry/push.ts';
import { startTokenServer } from '../../../test/registry/token-server.ts';
import { ensureDebianRegistry } from '../../../test/tools/debian-registry.ts';
import { ensureTools } from '../../../test/tools/ensure.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Access, RegistryErrorCode } from '../../ports/registry.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';
import { TagWatcher } from './tag-watcher.ts';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };
const signal = (): AbortSignal => AbortSignal.timeout(30_000);
const INTERVAL_MS = 60_000;

// Cold caches build three programs.
const TOOLS_MS = 20 * 60_000;
let tools: { readonly registry: string; readonly helm: string; readonly helm3: string };
beforeAll(async () => {
  tools = await ensureTools(['registry', 'helm', 'helm3']);
}, TOOLS_MS);

const debian = await ensureDebianRegistry();
if (debian.kind === 'Missing') console.warn(`the registry of Debian is not tested: ${debian.why}`);

const ours = makeAuthority('ours');
const server = ours.issue({ names: ['127.0.0.1'] });
const someone = ours.issue({ names: ['someone'] });
const LOGIN = ['--username', USER.username, '--password', USER.password];
const NOBODY: Access = { credential: undefined };

/** One way to reach a registry. */
interface Way {
  readonly options: CncfRegistryOptions;
  readonly isPlain: boolean;
  /** A token server that is reached by plain HTTP. */
  readonly tokenHost?: string;
  readonly access: Access;
  readonly push: Pick<HelmPush, 'flags' | 'beside'>;
  /** What comes of it for somebody without. */
  readonly refused?: { readonly access: Access; readonly code: RegistryErrorCode; readonly message: RegExp };
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const WAYS: Readonly<Record<string, () => Promise<Way> | Way>> = {
  'without credentials': () => ({ options: {}, isPlain: true, access: NOBODY, push: { flags: ['--plain-http'] } }),
  'with name and password': () => ({
    options: { withPassword: true },
    isPlain: true,
    access: { credential: USER },
    push: { flags: ['--plain-http', ...LOGIN] },
    refused: { access: NOBODY, code: 'Unauthorized', message: /credentials are needed and there are none$/ },
  }),
  'with a token': async () => {
    const tokens = await startTokenServer({ users: { [USER.username]: USER.password } });
    open.push(tokens);
    return {
      options: { tokens: tokens.trust },
      isPlain: true,
      tokenHost: tokens.host,
      access: { credential: USER },
      push: { flags: ['--plain-http', ...LOGIN] },
      refused: { access: NOBODY, code: 'Unauthorized', message: /it refuses the token of .*: credentials are needed and there are none$/ },
    };
  },
  'by TLS with a private CA': () => ({
    options: { tls: { identity: server } },
    isPlain: false,
    access: { credential: undefined, tls: { ca: ours.cert } },
    push: { flags: ['--ca-file', 'ca.crt'], beside: { 'ca.crt': ours.cert } },
    refused: { access: NOBODY, code: 'Unavailable', message: /is signed by nobody that is trusted \(\w+\); if it is right: give its CA in spec.tls.caSecret$/ },
  }),
  'by TLS with a client certificate, and a password': () => ({
    options: { withPassword: true, tls: { identity: server, clientCa: ours.cert } },
    isPlain: false,
    access: { credential: USER, tls: { ca: ours.cert, client: { certificate: someone.cert, key: someone.key } } },
    push: {
      flags: ['--ca-file', 'ca.crt', '--cert-file', 'tls.crt', '--key-file', 'tls.key', ...LOGIN],
      beside: { 'ca.crt': ours.cert, 'tls.crt': someone.cert, 'tls.key': someone.key },
    },
    refused: { access: { credential: USER, tls: { ca: ours.cert } }, code: 'Unauthorized', message: /asks for (a client certificate|one \(bad certificate)/ },
  }),
};

const REGISTRIES: readonly [string, () => string, boolean][] = [
  ['distribution 3.1.2', () => tools.registry, true],
  ["Debian's docker-registry 2.8.2", () => (debian.kind === 'Found' ? debian.path : ''), debian.kind === 'Found'],
];

describe.each(REGISTRIES)('%s', (_name, program, isThere) => {
  it.skipIf(!isThere).for(Object.keys(WAYS))('is followed and pulled from %s, whichever helm has pushed', async (name) => {
    const way = await WAYS[name]?.();
    if (way === undefined) throw new Error(`there is no way ${name}`);
    const registry = await startCncfRegistry(program(), way.options);
    open.push({ [Symbol.asyncDispose]: () => registry.close() });
    const clock = new FakeClock();
    const client = new RegistryClient({ clock, plainHttpHosts: way.isPlain ? [registry.host, way.tokenHost ?? registry.host] : [] });
    open.push({ [Symbol.asyncDispose]: () => client.close() });
    const charts = new RegistryCharts({ client });
    const woken: string[] = [];
    const tags = new TagWatcher({
      resolve: (tag, stop) => client.resolve(tag, stop),
      list: (place, stop) => client.list(place, stop),
      wake: (follower) => woken.push(follower),
      clock,
      logger: silent,
    });
    open.push({ [Symbol.asyncDispose]: async () => tags.close() });
    const reference = { registry: registry.host, repository: 'ns/app', tag: '1.0.0' };
    const push = (helm: string, files: ReturnType<typeof smallChart>) => helmPush({ helm, to: `${registry.host}/ns`, name: 'app', version: '1.0.0', files, ...way.push });
    const pulled = async (digest: string) =>
      Object.fromEntries((await charts.pull(reference, digest, way.access, signal())).files.map((file) => [file.name, Buffer.from(file.bytes).toString()]));

    const before = smallChart('app', '1.0.0', { 'templates/NOTES.txt': 'before' });
    const first = await push(tools.helm, before);
    const follow = () => tags.follow('ns/release', { ...way.access, reference }, { intervalMs: INTERVAL_MS, fresh: false }, signal());
    expect(await follow()).toEqual({ digest: first, trouble: undefined });
    expect(await pulled(first)).toEqual(before);

    const after = smallChart('app', '1.0.0', { 'templates/NOTES.txt': 'after' });
    const second = await push(tools.helm3, after);
    expect(second).not.toBe(first);
    await clock.advance(2 * INTERVAL_MS);
    await expect.poll(() => woken, { timeout: 20_000 }).toEqual(['ns/release']);
    expect(await follow()).toEqual({ digest: second, trouble: undefined });
    expect(await pulled(second)).toEqual(after);

    if (way.refused === undefined) return;
    const { access, code, message } = way.refused;
    await expect(client.resolve({ ...access, reference }, signal())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
