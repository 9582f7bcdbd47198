import type { Expiry, Misstated } from '../core/credential-expiry.ts';
import type { DockerCredential as Credential } from '../core/docker-config.ts';
import type { Reference } from '../core/reference.ts';
import type { RegistryTls } from '../core/registry-tls.ts';
import type { VersionRange } from '../core/version-range.ts';
import type { Trouble } from '../core/release-state.ts';

export type RegistryErrorCode =
  /** No connection, TLS failure, time-out (of unpacking, too), a 5xx answer, or a page of HTML. */
  | 'Unavailable'
  /** 429; `retryAfterMs` says when to come back, where the registry did. */
  | 'Throttled'
  /** 401 or 403. */
  | 'Unauthorized'
  /** No such repository, tag, manifest or blob. */
  | 'NotFound'
  /** The repository is there, and no tag of it is in the range. */
  | 'NoMatch'
  /** Bytes that do not have the digest or the size that was asked for. */
  | 'DigestMismatch'
  /** Another kind of artifact, or an answer that is no manifest at all. */
  | 'NotAChart'
  /** The archive cannot be unpacked, is too large, or is unsafe. */
  | 'ArchiveInvalid';

/** What a registry adapter throws: the message says what was tried, on what, and what came back. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: RegistryErrorCode, message: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export type { Credential };

/** As whom a registry is asked, and how it is known. What one access was told is for no other. */
export interface Access {
  readonly credential: Credential | undefined;
  /** Undefined: the public roots, and no certificate is shown. */
  readonly tls?: RegistryTls | undefined;
  /** What there is for the mirrors of the registry, by their hosts. */
  readonly mirrorCredentials?: Readonly<Record<string, Credential>> | undefined;
}

/** A tag in a repository, and as whom it is looked at. */
export interface TagAddress extends Access {
  readonly reference: Reference & { readonly tag: string };
}

/** A repository of which the highest tag in a range is followed, and as whom it is looked at. */
export interface RangeAddress extends Access {
  readonly reference: Pick<Reference, 'registry' | 'repository'>;
  readonly range: VersionRange;
}

/** What is known of a followed tag: the digest last seen, and what is wrong at present, if something is. */
export interface TagView {
  readonly digest: string | undefined;
  readonly trouble: RegistryError | undefined;
}

/** The same of a range, and the tag that it has chosen. */
export interface RangeView extends TagView {
  readonly tag: string | undefined;
}

/** Follows tags for releases: one poll per (registry, repository, tag, access), however many follow it. */
export interface Tags {
  /**
   * Makes `follower` follow the tag, and no other from now on, at most every `intervalMs`, and answers with what is
   * known; asks the registry first when nothing is known yet or `fresh` is set, and waits a second for that at most:
   * a slow registry leaves both parts of the view open. Followers are woken when the digest changes or becomes known,
   * and when trouble begins or ends. Rejects only when `signal` aborts.
   */
  follow(follower: string, tag: TagAddress, options: { readonly intervalMs: number; readonly fresh: boolean }, signal: AbortSignal): Promise<TagView>;
  /**
   * The same for the highest tag in a range: the repository's tags are listed every `listIntervalMs`, once for all ranges, and the chosen tag is followed as
   * any. Followers are woken when their range chooses another tag, too.
   */
  followRange(
    follower: string,
    range: RangeAddress,
    options: { readonly intervalMs: number; readonly listIntervalMs: number; readonly fresh: boolean },
    signal: AbortSignal,
  ): Promise<RangeView>;
  /** Ends what `follow` and `followRange` began; a tag without followers is no longer polled. */
  unfollow(follower: string): void;
}

/** How a registry fares. Times are ms since the epoch. */
export interface RegistryView {
  /** `host[:port]` of its API. */
  readonly registry: string;
  /** How many polls there are: one for each (repository, tag, access). */
  readonly polls: number;
  /** What the intervals come to. */
  readonly pollsPerMinute: number;
  /** By how much all pauses are longer than asked for, so that what the registry allows lasts: 1 where nothing is saved. */
  readonly stretch: number;
  /** What it allows by its last word; undefined where it does not say. */
  readonly budget: { readonly limit: number | undefined; readonly remaining: number; readonly until: number } | undefined;
  /** Requests that failed one after the other. */
  readonly failures: number;
  /** Until when it asked to be left alone; undefined where it did not. */
  readonly heldUntil: number | undefined;
  /** When the next poll is due; undefined where there is none. */
  readonly nextPollAt: number | undefined;
}

/** The chart that a ChartRelease names, as far as the registry has said which it is. */
export interface Source extends Access {
  /** With the tag that a range has chosen, where there is one. */
  readonly reference: Reference;
  readonly digest: string | undefined;
  /** Why there is no digest, or why it may be out of date. */
  readonly trouble: Trouble | undefined;
  /** When what it is asked with ends, as far as that is known. */
  readonly expiries: readonly (Expiry | Misstated)[];
  /** When there is a new credential to be had, in ms since the epoch; undefined where none is given for a time. */
  readonly renewedAt?: number | undefined;
}

/** One file of a chart; the name is relative to the chart's root, with `/`. */
export interface ChartFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A chart as pulled: files that were read and checked, never an archive. */
export interface Chart {
  /** Digest of the OCI manifest. */
  readonly digest: string;
  readonly files: readonly ChartFile[];
  /** Name, version and apiVersion that replace those of Chart.yaml (charts of Helm 3.0.0-alpha). */
  readonly overrides: { readonly name: string; readonly version: string; readonly apiVersion: string } | undefined;
}

/** Charts by digest. */
export interface Charts {
  /**
   * The chart whose manifest has this digest; every byte was hashed and counted against a limit. The same digest
   * asked for at once, or again soon, is fetched once per access. Rejects with RegistryError.
   */
  pull(reference: Reference, digest: string, access: Access, signal: AbortSignal): Promise<Chart>;
}

/** Charts that are kept for when the registry is away. */
export interface ChartStock {
  /** These charts of a repository may be needed again: what is not kept of them is fetched some time, when the registry has nothing else to do. */
  want(reference: Pick<Reference, 'registry' | 'repository'>, digests: readonly string[], access: Access): void;
}

/** Nothing is kept. */
export const NO_STOCK: ChartStock = { want: () => undefined };
