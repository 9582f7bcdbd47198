import { Pool } from 'undici';
import type { Access } from '../lab/api.ts';

/** Content type that asks for an object's metadata only, as the operator does. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

export interface ApiWrite {
  readonly method: 'POST' | 'PATCH' | 'GET' | 'DELETE';
  readonly path: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly body?: string;
}

export interface ApiClientOptions {
  readonly connections: number;
  /** How the audit log tells its requests from those of others. */
  readonly userAgent: string;
}

/** Requests to the API server over undici, HTTP/1.1, one at a time on each of so many connections. */
export class ApiClient {
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(access: Access, { connections, userAgent }: ApiClientOptions) {
    this.#pool = new Pool(access.server, { connections, pipelining: 1, connect: { ca: access.ca, allowH2: false } });
    this.#headers = { authorization: `Bearer ${access.token}`, 'user-agent': userAgent };
  }

  /** The answer's body. Rejects with the answer when the server refuses. */
  async send({ method, path, contentType = 'application/json', accept = 'application/json', body }: ApiWrite): Promise<string> {
    const headers = { ...this.#headers, accept, ...(body !== undefined && { 'content-type': contentType }) };
    const answer = await this.#pool.request({ method, path, headers, body: body ?? null });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: the API server answered ${answer.statusCode}: ${text.slice(0, 500)}`);
    return text;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Does the work for every element, so many at once; rejects with the first failure. */
export const inFlight = async <T>(elements: readonly T[], limit: number, work: (element: T) => Promise<void>): Promise<void> => {
  const left = elements.values();
  const worker = async (): Promise<void> => {
    for (const element of left) await work(element);
  };
  await Promise.all(Array.from({ length: limit }, worker));
};
