import { gzipSync } from 'node:zlib';
import type { RegistryErrorCode } from '../../src/ports/registry.ts';
import type { Answer, Fault, Play } from './faulty-registry.ts';
import { CONFIG_TYPE, CONTENT_TYPE, MANIFEST_TYPE, pushBlob, pushManifest, type PushedDescriptor, type PushTarget, smallChart } from './push.ts';
import { chartTgz } from './tar.ts';

/** What a fault may need to know of its surroundings. */
export interface FaultScene {
  /** The registry itself, `host:port`. */
  readonly registry: string;
  /** Another registry, `host:port`, by plain HTTP, that has the same and is sound. */
  readonly elsewhere: string;
  /** What the tag pointed at before the fault. */
  readonly before: string;
}

/** One thing that goes wrong with a registry while a tag moves on, and what a client is to make of it. */
export interface RegistryFault {
  readonly name: string;
  /** What a look at the tag sees: that it moved, nothing new, or trouble. */
  readonly look: 'Moved' | 'Stayed' | RegistryErrorCode;
  /** What a pull of that digest comes to, where the look saw that it moved. */
  readonly pull?: 'Served' | RegistryErrorCode;
  /** What the error says. */
  readonly says?: RegExp;
  /** Spoils answers. */
  readonly spoil?: Spoil;
  /** Moves the tag to something else than the good chart. */
  readonly push?: Push;
  /** It is met by a time-out, which nobody wants to wait for. */
  readonly isSlow?: boolean;
  /** For how long the registry asks to be left alone, in ms. */
  readonly holdMs?: number;
  /** How names lead astray, or which certificate is shown. */
  readonly network?: 'Refused' | 'UnknownName' | 'NoNameServer' | 'DeadAddressToo';
  readonly certificate?: 'unknown' | 'other' | 'expired';
}

type Spoil = (scene: FaultScene) => Fault;
type Push = (target: PushTarget) => Promise<string>;

type Part = 'all' | 'tag' | 'manifest' | 'blob' | 'token';

const partOf = (url: string): Part => {
  if (url.startsWith('/token')) return 'token';
  if (url.includes('/blobs/')) return 'blob';
  return url.includes('/manifests/sha256:') ? 'manifest' : 'tag';
};

/** Spoils the answers about one part, whatever they are. */
const on =
  (part: Part, spoil: (answer: Answer, asked: Parameters<Fault>[2]) => Answer | Play): Spoil =>
  () =>
  (url, answer, asked) =>
    part === 'all' || partOf(url) === part ? spoil(answer, asked) : answer;

const status = (code: number, headers: Record<string, string> = {}, body = ''): Answer => ({ status: code, headers, body: Buffer.from(body) });
const withHeaders = (answer: Answer, headers: Record<string, string>): Answer => ({ ...answer, headers: { ...answer.headers, ...headers } });
const withBody = (answer: Answer, body: Buffer): Answer => ({ ...answer, headers: { ...answer.headers, 'content-length': String(body.length) }, body });
const without = ({ headers, ...answer }: Answer, name: string): Answer => ({ ...answer, headers: Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name)) });

const otherBytes = ({ body }: Answer): Buffer => Buffer.from(body.map((byte, index) => (index === body.length - 1 ? byte ^ 1 : byte)));
const PAGE = status(200, { 'content-type': 'text/html; charset=utf-8' }, '<html><form action="/login"></form></html>');

/** Sends the beginning and closes the connection. */
const cut =
  ({ status: code, headers, body }: Answer): Play =>
  (response) => {
    response.writeHead(code, headers);
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  };

/** Sends all but the last byte, and nothing more. */
const stall =
  ({ status: code, headers, body }: Answer): Play =>
  (response) => {
    response.writeHead(code, headers);
    response.write(body.subarray(0, -1));
  };

const drip =
  ({ status: code, headers }: Answer): Play =>
  (response) => {
    response.writeHead(code, headers);
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  };

const endless =
  ({ status: code, headers }: Answer): Play =>
  (response) => {
    response.writeHead(code, without({ status: code, headers, body: Buffer.alloc(0) }, 'content-length').headers);
    const chunk = Buffer.alloc(256 * 1024, 'x');
    const more = (): void => {
      if (!response.destroyed && response.write(chunk)) setImmediate(more);
    };
    response.on('drain', more);
    more();
  };

const silent: Play = () => undefined;

/** These very bytes in place of an answer. */
const raw =
  (bytes: string): Play =>
  ({ socket }) =>
    void socket?.end(bytes);

/** A beginning of headers, and more of them without an end. */
const slowHeaders: Play = ({ socket }) => {
  socket?.write('HTTP/1.1 200 OK\r\n');
  const timer = setInterval(() => socket?.write('x-more: 1\r\n'), 20);
  socket?.on('close', () => clearInterval(timer));
};

/** Names itself as its token server, whose answer is that. */
const tokens =
  (answer: Answer): Spoil =>
  ({ registry }) =>
  (url) =>
    partOf(url) === 'token' ? answer : status(401, { 'www-authenticate': `Bearer realm="http://${registry}/token",service="r"` });

const GOOD = chartTgz('app', smallChart('app', '2.0.0'));

/** Pushes a manifest made of good parts, changed. */
const pushChanged =
  (change: (parts: { readonly config: PushedDescriptor; readonly content: PushedDescriptor }) => unknown, type = MANIFEST_TYPE): Push =>
  async (target) => {
    const config = await pushBlob(target, CONFIG_TYPE, Buffer.from('{"name":"app","version":"2.0.0","apiVersion":"v2"}'));
    const content = await pushBlob(target, CONTENT_TYPE, GOOD);
    const document = change({ config, content });
    return pushManifest(target, '1', typeof document === 'string' ? document : JSON.stringify(document), type);
  };

const image = (config: unknown, layers: readonly unknown[], more: object = {}): object => ({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers, ...more });

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const SCHEMA1_TYPE = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

const REFUSALS: readonly RegistryFault[] = [
  { name: '401 that names no way in', look: 'Unauthorized', spoil: on('all', () => status(401)), says: /names no way to authenticate/ },
  { name: '401 that asks for a password', look: 'Unauthorized', spoil: on('all', () => status(401, { 'www-authenticate': 'Basic realm="r"' })), says: /there are none/ },
  { name: '401 in the middle of a pull', look: 'Moved', pull: 'Unauthorized', spoil: on('blob', () => status(401)), says: /answered 401/ },
  { name: 'a token that is refused, for ever', look: 'Unauthorized', spoil: tokens(status(200, {}, '{"token":"abc"}')), says: /refuses the token/ },
  { name: 'a token server without a token', look: 'Unavailable', spoil: tokens(status(200, {}, '{}')), says: /with no token/ },
  { name: 'a token server with the page of a login', look: 'Unavailable', spoil: tokens(PAGE), says: /an HTML page/ },
  { name: 'a token server that fails', look: 'Unavailable', spoil: tokens(status(500)), says: /token server .* answered 500/ },
  { name: 'a token server that redirects elsewhere', look: 'Unavailable', spoil: tokens(status(307, { location: 'http://127.0.0.1:1/' })), says: /redirect to .*not followed/ },
  { name: '403', look: 'Unauthorized', spoil: on('all', () => status(403)), says: /answered 403/ },
  { name: '403 for the chart alone', look: 'Moved', pull: 'Unauthorized', spoil: on('blob', () => status(403)), says: /answered 403/ },
  { name: 'a tag that was deleted', look: 'NotFound', spoil: on('tag', () => status(404)), says: /answered 404/ },
  { name: 'a manifest that was deleted', look: 'Moved', pull: 'NotFound', spoil: on('manifest', () => status(404)), says: /answered 404/ },
  { name: 'half of the blobs missing', look: 'Moved', pull: 'NotFound', spoil: on('blob', () => status(404)), says: /pull blob .* answered 404/ },
  { name: '429 without a time', look: 'Throttled', spoil: on('all', () => status(429)), holdMs: 30_000 },
  { name: '429 for 5 seconds', look: 'Throttled', spoil: on('all', () => status(429, { 'retry-after': '5' })), holdMs: 5_000 },
  { name: '429 for no seconds', look: 'Throttled', spoil: on('all', () => status(429, { 'retry-after': '0' })) },
  { name: '429 for 30 years', look: 'Throttled', spoil: on('all', () => status(429, { 'retry-after': '946684800' })), holdMs: 15 * 60_000 },
  { name: '429 until a date', look: 'Throttled', spoil: on('all', () => status(429, { 'retry-after': 'Thu, 01 Jan 1970 00:10:00 GMT' })), holdMs: 10 * 60_000 },
  { name: '429 for a time that is none', look: 'Throttled', spoil: on('all', () => status(429, { 'retry-after': 'soon' })), holdMs: 30_000 },
  { name: '500', look: 'Unavailable', spoil: on('all', () => status(500)), says: /answered 500/ },
  { name: '502 with a page', look: 'Unavailable', spoil: on('all', () => ({ ...PAGE, status: 502 })), says: /answered 502/ },
  { name: '503 for 9 seconds', look: 'Unavailable', spoil: on('all', () => status(503, { 'retry-after': '9' })), holdMs: 9_000 },
  { name: '504 for the chart alone', look: 'Moved', pull: 'Unavailable', spoil: on('blob', () => status(504)), says: /answered 504/ },
  {
    name: '206, a part of the chart',
    look: 'Moved',
    pull: 'Unavailable',
    spoil: on('blob', (answer) => ({ ...withBody(answer, answer.body.subarray(5)), status: 206 })),
    says: /206/,
  },
];

const WRONG_BYTES: readonly RegistryFault[] = [
  { name: 'a manifest of another digest', look: 'Moved', pull: 'DigestMismatch', spoil: on('manifest', (answer) => withBody(answer, otherBytes(answer))) },
  { name: 'an empty manifest', look: 'Moved', pull: 'DigestMismatch', spoil: on('manifest', (answer) => withBody(answer, Buffer.alloc(0))) },
  { name: 'a manifest of 4 MiB and a byte', look: 'Moved', pull: 'Unavailable', spoil: on('manifest', (answer) => withBody(answer, Buffer.alloc(4 * 1024 * 1024 + 1))) },
  { name: 'a manifest without an end', look: 'Moved', pull: 'Unavailable', spoil: on('manifest', endless), says: /longer than a manifest/ },
  { name: 'the page of a login for a manifest', look: 'Moved', pull: 'Unavailable', spoil: on('manifest', () => PAGE), says: /an HTML page came/ },
  { name: 'a manifest cut in the middle', look: 'Moved', pull: 'Unavailable', spoil: on('manifest', cut) },
  { name: 'a chart of another digest', look: 'Moved', pull: 'DigestMismatch', spoil: on('blob', (answer) => withBody(answer, otherBytes(answer))) },
  { name: 'a chart that is a byte short', look: 'Moved', pull: 'DigestMismatch', spoil: on('blob', (answer) => withBody(answer, answer.body.subarray(1))) },
  { name: 'a chart that is a byte long', look: 'Moved', pull: 'DigestMismatch', spoil: on('blob', (answer) => withBody(answer, Buffer.concat([answer.body, Buffer.from('x')]))) },
  { name: 'a chart without an end', look: 'Moved', pull: 'DigestMismatch', spoil: on('blob', endless), says: /more came than/ },
  { name: 'a chart cut in the middle', look: 'Moved', pull: 'Unavailable', spoil: on('blob', cut) },
  { name: 'a chart that stops before its last byte', isSlow: true, look: 'Moved', pull: 'Unavailable', spoil: on('blob', stall) },
  { name: 'a chart byte by byte', isSlow: true, look: 'Moved', pull: 'Unavailable', spoil: on('blob', drip), says: /did not answer in full/ },
  { name: 'the page of a login for a chart', look: 'Moved', pull: 'Unavailable', spoil: on('blob', () => PAGE), says: /an HTML page came/ },
  {
    name: 'a chart in gzip once more',
    look: 'Moved',
    pull: 'Unavailable',
    spoil: on('blob', (answer) => withHeaders(withBody(answer, gzipSync(answer.body)), { 'content-encoding': 'gzip' })),
    says: /encoding "gzip"/,
  },
];

const OTHER_ARTIFACTS: readonly RegistryFault[] = [
  {
    name: 'an index in place of a manifest',
    look: 'Moved',
    pull: 'NotAChart',
    push: pushChanged(({ content }) => ({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [content] }), INDEX_TYPE),
    says: /an index of images/,
  },
  {
    name: 'layers and manifests in one',
    look: 'Moved',
    pull: 'NotAChart',
    push: pushChanged(({ config, content }) => image(config, [content], { manifests: [content] })),
    says: /both/,
  },
  { name: 'two charts in one', look: 'Moved', pull: 'NotAChart', push: pushChanged(({ config, content }) => image(config, [content, content])), says: /several layers/ },
  { name: 'a chart without its layer', look: 'Moved', pull: 'NotAChart', push: pushChanged(({ config }) => image(config, [])), says: /without a layer/ },
  {
    name: 'a layer of a foreign type',
    look: 'Moved',
    pull: 'NotAChart',
    push: pushChanged(({ config, content }) => image(config, [{ ...content, mediaType: 'application/x-foreign' }])),
    says: /without a layer/,
  },
  {
    name: 'another artifact',
    look: 'Moved',
    pull: 'NotAChart',
    push: pushChanged(({ config, content }) => image({ ...config, mediaType: 'text/x' }, [content])),
    says: /config text\/x/,
  },
  {
    name: 'a manifest of the first schema',
    look: 'Moved',
    pull: 'NotAChart',
    push: pushChanged(() => ({ schemaVersion: 1, fsLayers: [] }), SCHEMA1_TYPE),
    says: /prettyjws/,
  },
  { name: 'JSON a hundred thousand deep', look: 'Moved', pull: 'NotAChart', push: pushChanged(() => `{"a":${'['.repeat(100_000)}`), says: /no JSON/ },
  {
    name: 'a key that is there twice, the last one bad',
    look: 'Moved',
    pull: 'NotAChart',
    push: pushChanged(({ config, content }) => JSON.stringify(image(config, [content])).replace(/\}$/, ',"layers":[]}')),
    says: /without a layer/,
  },
  {
    name: 'a chart announced too large',
    look: 'Moved',
    pull: 'ArchiveInvalid',
    push: pushChanged(({ config, content }) => image(config, [{ ...content, size: 2 ** 40 }])),
    says: /more than 10485760/,
  },
  {
    name: 'a digest in the header that nobody has',
    look: 'Moved',
    pull: 'NotFound',
    spoil: on('tag', (answer) => withHeaders(answer, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` })),
  },
  {
    name: 'another size in the descriptor',
    look: 'Moved',
    pull: 'DigestMismatch',
    push: pushChanged(({ config, content }) => image(config, [{ ...content, size: content.size - 1 }])),
  },
  {
    name: 'another type in the header',
    look: 'Moved',
    pull: 'Unavailable',
    spoil: on('manifest', (answer) => withHeaders(answer, { 'content-type': 'application/json' })),
    says: /mediaType/,
  },
];

/** What is odd, and no hindrance. */
export const ODDITIES: readonly RegistryFault[] = [
  { name: 'no HEAD', look: 'Moved', pull: 'Served', spoil: on('tag', (answer, { method }) => (method === 'HEAD' ? status(405) : answer)) },
  { name: 'no digest in the header', look: 'Moved', pull: 'Served', spoil: on('tag', (answer) => without(answer, 'docker-content-digest')) },
  { name: 'a digest that is none in the header', look: 'Moved', pull: 'Served', spoil: on('tag', (answer) => withHeaders(answer, { 'docker-content-digest': 'sha256:../../x' })) },
  {
    name: 'an ETag that lies',
    look: 'Moved',
    pull: 'Served',
    spoil:
      ({ before }) =>
      (_, answer) =>
        withHeaders(answer, { etag: `"${before}"` }),
  },
  {
    name: 'content of no type',
    look: 'Moved',
    pull: 'Served',
    spoil: on('manifest', (answer) => without(answer, 'content-type')),
  },
  {
    name: 'HEAD that lags behind GET',
    look: 'Stayed',
    spoil:
      ({ before }) =>
      (url, answer, { method }) =>
        partOf(url) === 'tag' && method === 'HEAD' ? withHeaders(answer, { 'docker-content-digest': before }) : answer,
  },
  {
    name: 'charts on another host',
    look: 'Moved',
    pull: 'Served',
    spoil:
      ({ elsewhere }) =>
      (url, answer) =>
        partOf(url) === 'blob' ? status(307, { location: `http://${elsewhere}${url}` }) : answer,
  },
  {
    name: 'foreign URLs in the descriptor',
    look: 'Moved',
    pull: 'Served',
    push: pushChanged(({ config, content }) => image(config, [{ ...content, urls: ['http://127.0.0.1:1/evil.tgz'] }])),
  },
  { name: 'an address that is dead beside the good one', look: 'Moved', pull: 'Served', network: 'DeadAddressToo' },
];

const CONNECTIONS: readonly RegistryFault[] = [
  { name: 'charts on a host that is dead', look: 'Moved', pull: 'Unavailable', spoil: on('blob', () => status(307, { location: 'http://127.0.0.1:1/blob' })) },
  { name: 'a redirect in a circle', look: 'Moved', pull: 'Unavailable', spoil: on('blob', () => status(302, { location: '' })), says: /more than 5 redirects/ },
  { name: 'a redirect to nowhere', look: 'Moved', pull: 'Unavailable', spoil: on('blob', () => status(302)), says: /without a readable Location/ },
  { name: 'a connection reset before the answer', look: 'Unavailable', spoil: on('all', () => (response) => response.destroy()), says: /closed the connection/ },
  { name: 'no answer', isSlow: true, look: 'Unavailable', spoil: on('all', () => silent) },
  { name: 'headers without an end', isSlow: true, look: 'Unavailable', spoil: on('all', () => slowHeaders) },
  {
    name: 'headers that are too long',
    look: 'Unavailable',
    spoil: on('all', () => raw(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`)),
    says: /headers that are too long/,
  },
  { name: 'what is not HTTP', look: 'Unavailable', spoil: on('all', () => raw('SSH-2.0-OpenSSH_9.9\r\n')), says: /does not speak plain HTTP/ },
  { name: 'a connection that is refused', look: 'Unavailable', network: 'Refused', says: /refuses the connection/ },
  { name: 'a name that nobody knows', look: 'Unavailable', network: 'UnknownName', says: /is not known/ },
  { name: 'no name server', look: 'Unavailable', network: 'NoNameServer', says: /cannot be looked up at present/ },
  { name: 'a certificate of nobody that is trusted', look: 'Unavailable', certificate: 'unknown', says: /signed by nobody that is trusted/ },
  { name: 'a certificate of another host', look: 'Unavailable', certificate: 'other', says: /for another host/ },
  { name: 'a certificate that has expired', look: 'Unavailable', certificate: 'expired', says: /has expired/ },
];

export const REGISTRY_FAULTS: readonly RegistryFault[] = [...REFUSALS, ...WRONG_BYTES, ...OTHER_ARTIFACTS, ...CONNECTIONS];
