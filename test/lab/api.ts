import { Agent, type RequestOptions, request } from 'node:https';
import { request as plainRequest } from 'node:http';

/** Longer than a machine takes that is busy with other things. */
const TIMEOUT_MS = 30_000;
/** Tests ask the same server again and again, and a new connection would cost it more than the answer. Those that are kept keep no program alive, and end long before a server ends them. */
const CONNECTIONS = new Agent({ keepAlive: true, timeout: 20_000 });

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a request to the lab's API server needs. */
export interface Access {
  readonly server: string;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

/** One request to the API server; rejects only when there is no answer. */
export function askApi(access: Access, method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
  const headers = { authorization: `Bearer ${access.token}`, 'content-type': contentType };
  return ask(new URL(path, access.server), { method, ca: access.ca, headers, agent: CONNECTIONS }, body);
}

/** One GET without credentials; rejects only when there is no answer. */
export function askPlain(url: string): Promise<Answer> {
  return ask(new URL(url), { method: 'GET', agent: false });
}

function ask(url: URL, options: RequestOptions, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? request : plainRequest;
    const call = start(url, { ...options, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    call.once('error', reject);
    call.once('timeout', () => call.destroy(new Error(`no answer from ${url} in ${TIMEOUT_MS} ms`)));
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
