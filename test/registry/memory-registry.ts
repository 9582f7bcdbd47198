import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Respond, type SeenRequest, send, startServer } from './test-server.ts';

interface Stored {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

/** A small OCI registry over plain HTTP, in memory, which a test can make misbehave. */
export interface MemoryRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  readonly requests: SeenRequest[];
  /** Answers in place of the registry where it returns true; undefined for none. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** What is stored, by `<repository>@<digest>`, to be spoilt. */
  readonly content: Map<string, Stored>;
  close(): Promise<void>;
}

/** Starts a registry that knows manifests, tags and blobs, pulls and pushes, and nothing else. */
export const startMemoryRegistry = async (): Promise<MemoryRegistry> => {
  const content = new Map<string, Stored>();
  const tags = new Map<string, string>();
  const respond: Respond = async (request, response) => {
    if (registry.intercept?.(request, response) === true) return;
    const url = new URL(request.url ?? '', 'http://registry');
    const [, repository = '', kind = '', reference = ''] = /^\/v2\/(.+)\/(manifests|blobs|blobs\/uploads)\/([^/]*)$/.exec(url.pathname) ?? [];
    if (request.method === 'POST') return send(response, 202, { location: `/v2/${repository}/blobs/uploads/1` });
    if (request.method === 'PUT') return put(request, response, repository, url.searchParams.get('digest') === null ? reference : undefined);
    const digest = kind === 'manifests' ? (tags.get(`${repository}:${reference}`) ?? reference) : reference;
    const stored = content.get(`${repository}@${digest}`);
    if (stored === undefined)
      return send(
        response,
        404,
        {},
        JSON.stringify({ errors: [{ code: `${kind === 'blobs' ? 'BLOB' : 'MANIFEST'}_UNKNOWN`, message: `${kind === 'blobs' ? 'blob' : 'manifest'} unknown` }] }),
      );
    response.writeHead(200, { 'content-type': stored.mediaType, 'content-length': stored.bytes.length, 'docker-content-digest': digest });
    response.end(request.method === 'HEAD' ? undefined : stored.bytes);
  };
  const put = async (request: IncomingMessage, response: ServerResponse, repository: string, tag: string | undefined): Promise<void> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    content.set(`${repository}@${digest}`, { bytes, mediaType: request.headers['content-type'] ?? '' });
    if (tag !== undefined) tags.set(`${repository}:${tag}`, digest);
    send(response, 201, { 'docker-content-digest': digest });
  };
  const server = await startServer(respond);
  const registry: MemoryRegistry = { ...server, intercept: undefined, content };
  return registry;
};
