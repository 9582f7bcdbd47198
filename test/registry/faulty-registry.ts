import type { ServerResponse } from 'node:http';
import { type Certificate, startServer, send, type TestServer } from '../registry/test-server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Answers by itself, byte by byte where it wants. */
export type Play = (response: ServerResponse) => void;

/** What goes wrong with the answer to a request. */
export type Fault = (url: string, answer: Answer, asked: { readonly method: string; readonly authorization: string | undefined }) => Answer | Play;

/** A registry before another one: passes requests on, and spoils the answers as its present fault says. */
export interface FaultyRegistry extends TestServer {
  /** Undefined: all is well. */
  fault: Fault | undefined;
}

/** Starts one before the plain-HTTP registry `host:port`; it speaks TLS where it is given a certificate. */
export const startFaultyRegistry = async (behind: string, certificate?: Certificate): Promise<FaultyRegistry> => {
  const server: TestServer = await startServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const answer = await fetch(`http://${behind}${url}`, { method, headers: { accept: String(headers.accept ?? '*/*') } });
    const body = Buffer.from(await answer.arrayBuffer());
    const kept = [...answer.headers].filter(([name]) => ['content-type', 'docker-content-digest', 'content-length'].includes(name));
    const sound = { status: answer.status, headers: Object.fromEntries(kept), body };
    const spoilt = registry.fault?.(url, sound, { method, authorization: headers.authorization }) ?? sound;
    if (typeof spoilt === 'function') return spoilt(response);
    send(response, spoilt.status, spoilt.headers, method === 'HEAD' ? '' : spoilt.body);
  }, certificate);
  const registry: FaultyRegistry = { ...server, fault: undefined };
  return registry;
};
