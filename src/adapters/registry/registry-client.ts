import type { LookupFunction } from 'node:net';
import { LRUCache } from 'lru-cache';
import { type TagList, tagListOf } from '../../core/chosen-tag.ts';
import { isDigest, printReference, type Reference } from '../../core/reference.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { RegistryMetrics } from '../../ports/metrics.ts';
import { type Access, RegistryError, type TagAddress } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import type { Proxies } from './agent.ts';
import { BodyTooLong, readBody } from './body.ts';
import { sha256 } from '../../core/digest.ts';
import { failure } from './failure.ts';
import { bareMediaType, type Descriptor, type ManifestReading, type Mislabelled, readManifest } from './manifest.ts';
import { ACCEPT } from './media-types.ts';
import { MirrorHolds } from './mirror-holds.ts';
import { type NextPage, nextPage } from './next-page.ts';
import { originsWith, type Origins } from './origin.ts';
import { throughGate } from './origin-gate.ts';
import { OriginGates } from './origin-gates.ts';
import { type Place, placesFor, type RegistryHosts } from './places.ts';
import { type RegistryRequest, Requests } from './requests.ts';
import { type Answer, TIMEOUTS, type Timeouts } from './transport.ts';

export interface RegistryClientOptions {
  readonly clock: Clock;
  /** Registries reached by plain HTTP, `host` or `host:port` exactly as references write them. */
  readonly plainHttpHosts: readonly string[];
  /** The only token servers that are asked, beside a registry's own host; any that is public when absent. */
  readonly allowedTokenHosts?: readonly string[] | undefined;
  /** Mirrors, and TLS, by registry. */
  readonly hosts?: RegistryHosts;
  readonly timeouts?: Partial<Timeouts>;
  /** Where requests are counted; nowhere when absent. */
  readonly metrics?: RegistryMetrics;
  /** Told when a mirror fails, and when it is back; nobody when absent. */
  readonly logger?: Logger;
  /** Finds the addresses of host names; the system's when absent. */
  readonly lookup?: LookupFunction;
  /** On the way to registries, mirrors and token servers; none when absent. */
  readonly proxies?: Proxies;
  /** Shared with who else asks the registries; its own when absent. */
  readonly gates?: OriginGates;
}

/** Whose repository is asked, and as whom. */
export interface RepositoryAccess extends Access {
  readonly reference: Reference;
}

/** Which chart is fetched, and as whom. */
export interface ChartAccess extends Access {
  readonly reference: Reference & { readonly digest: string };
}

/** Whoever has what charts are made of. All methods reject with RegistryError, or with the reason of `signal`. */
export interface ChartSource {
  manifest(access: ChartAccess, signal: AbortSignal): Promise<ManifestReading>;
  /** A blob of that chart. */
  blob(access: ChartAccess, descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array>;
}

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Of a list of tags: how many are asked for at once, and how many pages and bytes are read. */
const TAGS_A_PAGE = 1000;
const MAX_PAGES = 20;
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
/** Lists that are remembered, by the bytes of their tags. */
const REMEMBERED_LIST_BYTES = 16 * 1024 * 1024;

/** Tags of which it is remembered what they pointed at, and for how long a registry is believed that says that nothing has changed. */
const MAX_REMEMBERED = 10_000;
const BELIEVED_MS = 60 * 60_000;

/** What a tag pointed at, and the registry's own mark of that answer, where it gave one. */
interface Resolved {
  readonly digest: string;
  readonly etag: string | undefined;
}

/** The part of the OCI distribution API that pulls. All methods reject with RegistryError, or with the reason of `signal`. */
export class RegistryClient implements ChartSource {
  readonly #requests: Requests;
  readonly #originOf: Origins;
  readonly #hosts: RegistryHosts;
  readonly #holds: MirrorHolds;
  readonly #gates: OriginGates;
  readonly #clock: Clock;
  readonly #resolved: LRUCache<string, Resolved>;
  readonly #listed: LRUCache<string, Listed>;

  constructor({ clock, plainHttpHosts, allowedTokenHosts, hosts = new Map(), timeouts, metrics, logger, lookup, proxies, gates = new OriginGates(clock) }: RegistryClientOptions) {
    this.#requests = new Requests({ timeouts: { ...TIMEOUTS, ...timeouts }, clock, realms: { plainHttpHosts, allowedTokenHosts }, metrics, lookup, proxies });
    this.#originOf = originsWith(plainHttpHosts);
    this.#hosts = hosts;
    this.#holds = new MirrorHolds(clock, logger);
    this.#gates = gates;
    this.#clock = clock;
    this.#resolved = new LRUCache({ max: MAX_REMEMBERED, ttl: BELIEVED_MS, ttlResolution: 0, perf: { now: () => clock.elapsed() } });
    this.#listed = new LRUCache({
      maxSize: REMEMBERED_LIST_BYTES,
      sizeCalculation: ({ bytes }) => bytes,
      ttl: BELIEVED_MS,
      ttlResolution: 0,
      perf: { now: () => clock.elapsed() },
    });
  }

  /** The digest that the tag points at now. The word of the registry, or of a mirror that may say so: what is fetched by it is hashed. */
  resolve(address: TagAddress, signal: AbortSignal): Promise<string> {
    const { reference } = address;
    const look = async (request: RegistryRequest): Promise<string> => {
      const key = `${request.url.href} ${accessKey(address)}`;
      const known = this.#resolved.get(key);
      const conditional = known?.etag === undefined ? request : { ...request, headers: { ...request.headers, 'if-none-match': known.etag }, alsoRead: [NOT_MODIFIED] };
      const resolved = (await this.#headDigest({ ...conditional, method: 'HEAD' }, known, signal)) ?? (await this.#hashedDigest(conditional, known, signal));
      // Not anew with every look: what the registry says of itself is to be believed for a time only.
      if (resolved !== known) this.#resolved.set(key, resolved);
      return resolved.digest;
    };
    return this.#ask(address, { attempt: `resolve ${printReference(reference)}`, operation: 'resolve', path: `manifests/${reference.tag}` }, look);
  }

  /** All tags of a repository, page by page: the word of whoever may say what a tag points at. */
  list(access: RepositoryAccess, signal: AbortSignal): Promise<TagList> {
    const look = async (request: RegistryRequest): Promise<TagList> => {
      const key = `${request.url.href} ${accessKey(access)}`;
      const known = this.#listed.get(key);
      const first = await this.#tagPage(known === undefined ? request : { ...request, headers: { 'if-none-match': known.etag }, alsoRead: [NOT_MODIFIED] }, signal);
      if (first === 'NotModified' && known !== undefined) return known.list;
      if (first === 'NotModified') throw notSent(request.attempt);
      const list = tagListOf(await this.#tagsFrom(request, first, signal));
      // The mark of the first of several pages says nothing of the others.
      if (first.etag !== undefined && first.next.kind === 'None') this.#listed.set(key, { etag: first.etag, list, bytes: first.bytes });
      else this.#listed.delete(key);
      return list;
    };
    return this.#ask(access, { attempt: `list the tags of ${printReference(access.reference)}`, operation: 'tags', path: `tags/list?n=${TAGS_A_PAGE}` }, look);
  }

  /** The manifest of a chart, hashed and read. */
  async manifest(access: ChartAccess, signal: AbortSignal): Promise<ManifestReading> {
    const { digest } = access.reference;
    const attempt = `pull ${nameOf(access.reference, digest)}`;
    if (!isDigest(digest)) throw failure('NotFound', attempt, 'it is no sha256 digest');
    const fetch = async (request: RegistryRequest): Promise<ManifestReading> => {
      const { bytes, contentType } = await this.#pull(request, () => this.#manifestBytes(request, signal), signal);
      if (sha256(bytes) !== digest) throw failure('DigestMismatch', request.attempt, `the manifest that came has the digest ${sha256(bytes)}`);
      return labelled(request.attempt, readManifest(bytes, contentType));
    };
    return this.#ask(access, { attempt, operation: 'manifest', path: `manifests/${digest}` }, fetch);
  }

  /** The blob of a descriptor; every byte was counted and hashed. */
  blob(access: RepositoryAccess, { digest, size }: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
    const fetch = async (request: RegistryRequest): Promise<Uint8Array> => {
      const { attempt } = request;
      const read = async (answer: Answer): Promise<Buffer> => {
        const isPage = isHtml(answer.headers['content-type']);
        const tooLong = (): RegistryError => (isPage ? pageFailure(attempt) : failure('DigestMismatch', attempt, `more came than the ${size} bytes of its descriptor`));
        const body = await orTooLong(readBody(answer, size), tooLong);
        // Only where it is not what was asked for: what type a store gives its blobs is its own business.
        if (isPage && sha256(body) !== digest) throw pageFailure(attempt);
        return body;
      };
      const bytes = await this.#pull(request, () => this.#requests.run(request, read, signal), signal);
      if (bytes.length !== size) throw failure('DigestMismatch', attempt, `${bytes.length} bytes came, its descriptor says ${size}`);
      if (sha256(bytes) !== digest) throw failure('DigestMismatch', attempt, `what came has the digest ${sha256(bytes)}`);
      return bytes;
    };
    return this.#ask(access, { attempt: `pull blob ${nameOf(access.reference, digest)}`, operation: 'blob', path: `blobs/${digest}` }, fetch);
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#requests.close();
  }

  /** Asks one place after the other until one has it; the last is asked also when it is a mirror that is down. Its error says what came of the others. */
  async #ask<T>(access: RepositoryAccess, question: Question, ask: (request: RegistryRequest) => Promise<T>): Promise<T> {
    const places = await placesFor(this.#hosts, this.#originOf, access, PURPOSES[question.operation]);
    const passed: string[] = [];
    for (const place of places.slice(0, -1)) {
      const held = place.mirror && this.#holds.held(place.mirror.host);
      const outcome = held === undefined ? await this.#askAt(place, access, question, ask) : { came: held };
      if ('found' in outcome) return outcome.found;
      passed.push(`; before it the mirror ${place.mirror?.host}: ${outcome.came}`);
    }
    const last = places.at(-1);
    if (last === undefined) throw failure('Unavailable', question.attempt, 'the configuration has nobody who may be asked');
    const outcome = await this.#askAt(last, access, question, ask);
    if ('found' in outcome) return outcome.found;
    const { error, attempt, came } = outcome;
    throw passed.length === 0 ? error : failure(error.code, attempt, [came, ...passed].join(''), { cause: error, retryAfterMs: error.retryAfterMs });
  }

  async #askAt<T>(place: Place, access: RepositoryAccess, question: Question, ask: (request: RegistryRequest) => Promise<T>): Promise<Outcome<T>> {
    const { attempt, ...request } = requestTo(place, access.reference, question);
    const { mirror } = place;
    try {
      const found = await ask({ ...request, attempt, gate: this.#gates.at(request.url.host) });
      if (mirror !== undefined) this.#holds.answered(mirror.host);
      return { found };
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      const came = error.message.slice(`cannot ${attempt}: `.length);
      if (mirror !== undefined) this.#holds.failed(mirror.host, error, came);
      return { error, attempt, came };
    }
  }

  /** What is pulled waits as polls do for a registry that asked to be left alone, and tells them when it does. */
  async #pull<T>({ attempt, gate, url }: RegistryRequest, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await throughGate(gate, { attempt, clock: this.#clock, signal }, work);
    } finally {
      this.#gates.leave(url.host);
    }
  }

  /** The tags of a page and of all that follow it. */
  async #tagsFrom(request: RegistryRequest, first: TagPage, signal: AbortSignal): Promise<readonly string[]> {
    const { attempt } = request;
    const tags: string[] = [...first.tags];
    let { next } = first;
    for (let pages = 1; next.kind !== 'None'; pages += 1) {
      if (next.kind === 'Refused') throw failure('Unavailable', attempt, next.why);
      if (pages === MAX_PAGES) throw failure('Unavailable', attempt, `there are over ${MAX_PAGES} pages of them; follow a tag in place of a range`);
      const page = await this.#tagPage({ ...request, url: next.url }, signal);
      if (page === 'NotModified') throw notSent(attempt);
      tags.push(...page.tags);
      next = page.next;
    }
    return tags;
  }

  async #tagPage(request: RegistryRequest, signal: AbortSignal): Promise<TagPage | 'NotModified'> {
    const tooLong = (): RegistryError => failure('Unavailable', request.attempt, `a page of them has over ${MAX_PAGE_BYTES} bytes; follow a tag in place of a range`);
    const read = async (answer: Answer): Promise<TagPage | 'NotModified'> => {
      const { status, headers, url } = answer;
      const body = await readBody(answer, MAX_PAGE_BYTES);
      if (status === NOT_MODIFIED) return 'NotModified';
      if (isHtml(headers['content-type'])) throw pageFailure(request.attempt);
      const tags = tagsIn(body);
      if (tags === undefined) throw failure('Unavailable', request.attempt, 'the answer is no list of tags');
      return { tags, etag: headers['etag'], bytes: body.length + 1, next: url.origin === request.url.origin ? nextPage(request.url, headers['link']) : { kind: 'None' } };
    };
    return orTooLong(this.#requests.run(request, read, signal), tooLong);
  }

  // Undefined where the registry does not take HEAD (405) or does not name the digest.
  #headDigest(request: RegistryRequest, known: Resolved | undefined, signal: AbortSignal): Promise<Resolved | undefined> {
    const read = async ({ status, headers, discard }: Answer): Promise<Resolved | undefined> => {
      await discard();
      if (status === NOT_MODIFIED) return known;
      const digest = headers['docker-content-digest'] ?? '';
      return isDigest(digest) ? { digest, etag: headers['etag'] } : undefined;
    };
    return this.#requests.run({ ...request, alsoRead: [405, ...(request.alsoRead ?? [])] }, read, signal);
  }

  async #hashedDigest(request: RegistryRequest, known: Resolved | undefined, signal: AbortSignal): Promise<Resolved> {
    const { status, bytes, contentType, etag } = await this.#manifestBytes(request, signal);
    if (status === NOT_MODIFIED && known !== undefined) return known;
    const reading = labelled(request.attempt, readManifest(bytes, contentType));
    if (reading.kind === 'Other') throw failure('NotAChart', request.attempt, `it is ${reading.what}, not a Helm chart`);
    return { digest: sha256(bytes), etag };
  }

  async #manifestBytes(request: RegistryRequest, signal: AbortSignal): Promise<ManifestAnswer> {
    const tooLong = (): RegistryError => failure('Unavailable', request.attempt, `the answer is longer than a manifest may be, ${MAX_MANIFEST_BYTES} bytes`);
    const read = async (answer: Answer): Promise<ManifestAnswer> => {
      const { status, headers } = answer;
      return { status, bytes: await readBody(answer, MAX_MANIFEST_BYTES), contentType: headers['content-type'], etag: headers['etag'] };
    };
    const answered = await orTooLong(this.#requests.run(request, read, signal), tooLong);
    if (isHtml(answered.contentType)) throw pageFailure(request.attempt);
    return answered;
  }
}

/** Whose word is needed: a mirror that may not resolve has none about tags. */
const PURPOSES = { resolve: 'resolve', tags: 'resolve', manifest: 'pull', blob: 'pull', token: 'pull' } as const satisfies Record<RegistryRequest['operation'], 'resolve' | 'pull'>;

/** What is asked of whoever may have it. */
interface Question {
  readonly attempt: string;
  readonly operation: RegistryRequest['operation'];
  readonly path: string;
}

type Outcome<T> = { readonly found: T } | { readonly error: RegistryError; readonly attempt: string; readonly came: string };

const requestTo = ({ origin, access, mirror }: Place, { repository }: Reference, { attempt, operation, path }: Question): Omit<RegistryRequest, 'gate'> => {
  const url = new URL(`/v2/${repository}/${path}`, origin);
  // As containerd tells a mirror whose content is meant.
  if (mirror !== undefined) url.searchParams.set('ns', mirror.of);
  return {
    ...access,
    method: 'GET',
    url,
    repository,
    headers: path.startsWith('manifests/') ? { accept: ACCEPT } : {},
    operation,
    attempt: mirror === undefined ? attempt : `${attempt} from the mirror ${mirror.host}`,
  };
};

/** That nothing has changed is no answer to who does not know what there was. */
const notSent = (attempt: string): RegistryError => failure('Unavailable', attempt, 'a page of them was not sent');

interface TagPage {
  readonly tags: readonly string[];
  readonly etag: string | undefined;
  readonly bytes: number;
  readonly next: NextPage;
}

/** A list that came in one page, and the registry's own mark of it. */
interface Listed {
  readonly etag: string;
  readonly list: TagList;
  readonly bytes: number;
}

/** Undefined where it is no answer of the kind; a repository without tags may have null in their place. */
const tagsIn = (body: Buffer): readonly string[] | undefined => {
  try {
    const document: unknown = JSON.parse(body.toString('utf8'));
    const tags = typeof document === 'object' && document !== null && 'tags' in document ? (document.tags ?? []) : undefined;
    return Array.isArray(tags) && tags.every((tag): tag is string => typeof tag === 'string') ? tags : undefined;
  } catch {
    return undefined;
  }
};

interface ManifestAnswer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  readonly etag: string | undefined;
}

/** Comes only where we have said what we know. */
const NOT_MODIFIED = 304;

const nameOf = ({ registry, repository }: Reference, digest: string): string => printReference({ registry, repository, digest });

const labelled = (attempt: string, reading: ManifestReading | Mislabelled): ManifestReading => {
  if (reading.kind === 'Mislabelled') throw failure('Unavailable', attempt, `${reading.what} came`);
  return reading;
};

const isHtml = (contentType: string | undefined): boolean => bareMediaType(contentType) === 'text/html';

/** Somebody else answers in the registry's place: that may pass, while a chart that is none stays none. */
const pageFailure = (attempt: string): RegistryError => failure('Unavailable', attempt, 'an HTML page came with status 200, perhaps of a login or of a proxy before the registry');

const orTooLong = async <T>(work: Promise<T>, tooLong: () => RegistryError): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw error instanceof BodyTooLong ? tooLong() : error;
  }
};
