import type { ManagedEntry } from '../core/managed-fields.ts';
import type { Health } from '../core/health.ts';
import type { ObjectRef } from '../core/object-ref.ts';
import type { Capabilities } from './renderer.ts';

export type ClusterErrorCode =
  /** No connection, time-out, 5xx, 429 that did not end: nobody knows whether a write was done. Or 401: no fault of what was asked, and over with other credentials. */
  | 'Unavailable'
  /** 403, from an API server that is ready as far as it says. */
  | 'Forbidden'
  /** 404 for the object itself. */
  | 'NotFound'
  /** 404 for the namespace it should be in, or a namespace that is terminating. */
  | 'NamespaceNotFound'
  /** The kind is not served, also after discovery was asked again. */
  | 'UnknownKind'
  /** 409: somebody else was first, or a precondition does not hold. */
  | 'Conflict'
  /** 400, 413, 415, 422: the API server will not have this object. */
  | 'Rejected';

/** What a cluster adapter throws: the message says what was tried, on what, and the API server's words. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** What the API server says of an object that exists, metadata only. */
export interface LiveObject {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** When it was made, in ms since the epoch, in whole seconds by the API server's clock; 0 where the API server does not say. */
  readonly madeAt: number;
  readonly isTerminating: boolean;
  /** The object that made it and sees to it, as `ReplicaSet web-1`; undefined where nobody does. */
  readonly controller: string | undefined;
  /**
   * Digest of the set of fields that we own by server-side apply; empty where we own none. Whoever changes or removes one of them, or
   * makes the object anew, takes it from us.
   */
  readonly ownFields: string;
  /** Who has set which fields. */
  readonly managed: readonly ManagedEntry[];
}

/** What the API server answers an apply. */
export interface AppliedAnswer extends LiveObject {
  /** The object was not there before. */
  readonly isCreated: boolean;
}

/** Objects of the cluster that releases are applied to. All methods reject with ClusterError. */
export interface Cluster {
  /** Server version and served API versions, as templates see them; cached until a kind is unknown. */
  capabilities(signal: AbortSignal): Promise<Capabilities>;
  /** Whether objects of the kind live in namespaces. Rejects with UnknownKind. */
  scopeOf(apiVersion: string, kind: string, signal: AbortSignal): Promise<'Namespaced' | 'Cluster'>;
  /** Metadata of an object, or undefined where there is none. */
  look(ref: ObjectRef, signal: AbortSignal): Promise<LiveObject | undefined>;
  /** The whole of an object, as parsed JSON, or undefined where there is none. */
  read(ref: ObjectRef, signal: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined>;
  /**
   * Server-side apply of the JSON as it is, as field manager `tagalong`, forced, with strict field validation.
   * A dry run goes through admission and validation and writes nothing.
   */
  apply(ref: ObjectRef, json: Uint8Array, options: { readonly dryRun: boolean }, signal: AbortSignal): Promise<AppliedAnswer>;
  /** Writes who has set which fields of the object, and nothing else; Conflict where it has changed since it was looked at. */
  setManaged(ref: ObjectRef, live: Pick<LiveObject, 'uid' | 'resourceVersion'>, managed: readonly ManagedEntry[], signal: AbortSignal): Promise<void>;
  /** Creates an object that must not exist yet; Conflict where it does. A dry run goes through admission and validation and writes nothing. */
  create(ref: ObjectRef, json: Uint8Array, options: { readonly dryRun: boolean }, signal: AbortSignal): Promise<LiveObject>;
  /** Puts the JSON in the place of the object whose resourceVersion it has; Conflict where that is not the newest. */
  replace(ref: ObjectRef, json: Uint8Array, signal: AbortSignal): Promise<LiveObject>;
  /** Deletes the object with this UID and no other, in the background; false where it is gone already or is another one by now. */
  remove(ref: ObjectRef, uid: string, signal: AbortSignal): Promise<boolean>;
}

/** What the watches saw of an object last. */
export interface SeenHealth {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly health: Health;
}

/** An object as our own write left it: what is older than that says nothing about it. */
export interface WrittenObject {
  readonly ref: ObjectRef;
  readonly resourceVersion: string;
}

/**
 * Health of managed objects, read from watches. The keys of releases are woken (by whoever made the adapter) when the
 * health of one of their objects changes, and when a watch catches up with a written object that is followed.
 */
export interface Healths {
  /** Follows the kind of each of these objects from now on; resolves when their present state is in. Rejects with ClusterError. */
  follow(objects: readonly WrittenObject[], signal: AbortSignal): Promise<void>;
  /** What was seen of the object last; undefined where the watch has none such. */
  of(ref: ObjectRef): SeenHealth | undefined;
}
