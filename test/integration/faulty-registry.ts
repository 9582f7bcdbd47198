import { startServer, send, type TestServer } from '../registry/test-server.ts';

/** What goes wrong with the answer to a request. */
export type Fault = (
  url: string,
  answer: { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer },
) => { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer };

/** A registry before another one: passes requests on, and spoils the answers as its present fault says. */
export interface FaultyRegistry {
  readonly host: string;
  /** Undefined: all is well. */
  fault: Fault | undefined;
  close(): Promise<void>;
}

/** Starts one before the plain-HTTP registry `host:port`. */
export const startFaultyRegistry = async (behind: string): Promise<FaultyRegistry> => {
  const server: TestServer = await startServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const answer = await fetch(`http://${behind}${url}`, { method, headers: { accept: String(headers.accept ?? '*/*') } });
    const body = Buffer.from(await answer.arrayBuffer());
    const kept = [...answer.headers].filter(([name]) => ['content-type', 'docker-content-digest', 'content-length'].includes(name));
    const sound = { status: answer.status, headers: Object.fromEntries(kept), body };
    const { status, headers: sent, body: bytes } = registry.fault?.(url, sound) ?? sound;
    send(response, status, sent, method === 'HEAD' ? '' : bytes);
  });
  const registry: FaultyRegistry = { host: server.host, fault: undefined, close: server.close };
  return registry;
};
