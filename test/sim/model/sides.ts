import type { Api } from '../../../src/adapters/kube/api.ts';
import { LineCutter } from '../../../src/adapters/kube/ndjson.ts';
import type { ApiServer } from '../api/server.ts';
import { GONE } from '../api/watch.ts';
import { type Live, type Operation, WHOLE } from './trace.ts';

/** What a server answers. */
export interface SideAnswer {
  readonly status: number;
  readonly object: unknown;
}

/** An event of a watch, as a server sends it. */
export interface WatchEvent {
  readonly type: string;
  readonly object: { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name?: string }; readonly code?: number };
}

/** A server that a trace is played on. */
export interface Side {
  ask(operation: Pick<Operation, 'method' | 'path' | 'accept' | 'contentType'>, body: unknown): Promise<SideAnswer>;
  /** Begins a watch, without bookmarks unless the path asks for them; what it tells may be read later. */
  watch(path: string, accept: string): Promise<AsyncIterable<WatchEvent>>;
}

/** The model. A watch of it has told everything when it is read, and ends with the bookmark that may be asked for. */
export const modelSide = (server: ApiServer): Side => ({
  ask: async ({ method, path, accept = WHOLE, contentType = 'application/json' }, body) => {
    const answer = server.answer({ method, path, headers: { accept, 'content-type': contentType }, body: body === undefined ? '' : JSON.stringify(body) });
    return { status: answer.status, object: JSON.parse(answer.body) as unknown };
  },
  watch: async (path, accept) => {
    const lines: string[] = [];
    const watch = server.watch({ method: 'GET', path, headers: { accept }, body: '' });
    if (watch?.start((line) => lines.push(line)) === undefined) return eventsIn([GONE]);
    return eventsIn(path.includes('allowWatchBookmarks=true') ? [...lines, watch.bookmark()] : lines);
  },
});

async function* eventsIn(lines: Iterable<string>): AsyncGenerator<WatchEvent> {
  for (const line of lines) yield JSON.parse(line) as WatchEvent; // the model's
}

/** A real API server. */
export const realSide = (api: Api, signal: AbortSignal): Side => ({
  ask: async ({ method, path, accept = WHOLE, contentType = 'application/json' }, body) => {
    const reply = await api.askAny(`${method} ${path}`, { method, path, accept, contentType, ...(body !== undefined && { body: JSON.stringify(body) }) }, signal);
    return { status: reply.status, object: JSON.parse(reply.body.toString()) as unknown };
  },
  watch: async (path, accept) => {
    const { status, body } = await api.open(`watch ${path}`, { method: 'GET', path, accept }, signal);
    if (status !== 200) throw new Error(`cannot watch ${path}: ${status}`);
    return eventsOf(body);
  },
});

const MAX_LINE_BYTES = 1024 * 1024;

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent> {
  const cutter = new LineCutter(MAX_LINE_BYTES);
  for await (const chunk of body) for (const line of cutter.push(chunk)) yield JSON.parse(Buffer.from(line).toString()) as WatchEvent; // the API server's
}

/** Plays an operation on a side: what it needs to know of an object it looks up there first. */
export const play = async (side: Side, operation: Operation): Promise<SideAnswer> => {
  const live = operation.about === undefined ? undefined : await side.ask({ method: 'GET', path: operation.about }, undefined);
  return side.ask(operation, operation.body?.(live?.status === 200 ? (live.object as Live) : undefined)); // an object
};
