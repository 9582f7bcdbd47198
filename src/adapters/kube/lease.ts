import type { Lease } from '../../core/election.ts';
import { readJson } from './api.ts';
import { hasCode } from './api-error.ts';
import type { Connection } from './connection.ts';
import { microTime } from './event-object.ts';
import { fieldsOf, metadataOf, textOf } from './kube-object.ts';
import type { ApiRequest } from './transport.ts';

/** What a holder writes. Times are ms since the epoch, and for people. */
export interface Claim {
  /** Empty to release it. */
  readonly holder: string;
  readonly durationMs: number;
  readonly transitions: number;
  readonly acquiredAt: number;
  readonly renewedAt: number;
}

/** A coordination.k8s.io/v1 Lease. Requests are sent once, and reject with ClusterError. */
export class KubeLease {
  /** `namespace/name`. */
  readonly name: string;
  readonly #connection: Connection;
  readonly #at: { readonly namespace: string; readonly name: string };

  constructor(connection: Connection, at: { readonly namespace: string; readonly name: string }) {
    this.#connection = connection;
    this.#at = at;
    this.name = `${at.namespace}/${at.name}`;
  }

  /** Undefined where there is none. */
  async read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#ask('read', { method: 'GET', path: this.#path }, signal);
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** Writes over the one given, or makes one; rejects with Conflict or NotFound where there is another by now, or none. */
  write(claim: Claim, over: Lease | undefined, signal: AbortSignal): Promise<Lease> {
    const spec = specOf(claim);
    if (over === undefined) {
      const body = JSON.stringify({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: this.#at, spec });
      return this.#ask('create', { method: 'POST', path: this.#collection, body }, signal);
    }
    const body = JSON.stringify({ metadata: { resourceVersion: over.resourceVersion }, spec });
    return this.#ask('write', { method: 'PATCH', path: this.#path, contentType: 'application/merge-patch+json', body }, signal);
  }

  async #ask(verb: string, request: ApiRequest, signal: AbortSignal): Promise<Lease> {
    const action = `${verb} Lease ${this.name}`;
    return leaseOf(readJson(action, await this.#connection.api.ask(action, { ...request, isLease: true }, signal)));
  }

  get #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(this.#at.namespace)}/leases`;
  }

  get #path(): string {
    return `${this.#collection}/${encodeURIComponent(this.#at.name)}`;
  }
}

const specOf = ({ holder, durationMs, transitions, acquiredAt, renewedAt }: Claim) => ({
  holderIdentity: holder,
  leaseDurationSeconds: durationMs / 1000,
  acquireTime: microTime(acquiredAt),
  renewTime: microTime(renewedAt),
  leaseTransitions: transitions,
});

const leaseOf = (object: unknown): Lease => {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = fieldsOf(fieldsOf(object)['spec']);
  return {
    holder: textOf(holderIdentity),
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    content: JSON.stringify([holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions]),
    resourceVersion: metadataOf(object).resourceVersion,
  };
};
