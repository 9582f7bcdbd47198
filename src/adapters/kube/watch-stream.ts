import type { Clock } from '../../ports/clock.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { Api } from './api.ts';
import { nonsense, refusal, silence } from './api-error.ts';
import { fieldsOf, METADATA_ONLY, metadataOf, textOf } from './kube-object.ts';
import type { Selection } from './list-page.ts';
import { LineCutter } from './ndjson.ts';
import type { ReadRequest, ReplyStream } from './transport.ts';
import { Watchdog } from './watchdog.ts';

/** What a watch tells. After Gone there is nothing more. */
export type StreamEvent =
  /** The API server has taken the question; it may be long before it has something to tell. */
  | { readonly kind: 'Opened' }
  | { readonly kind: 'Put'; readonly object: unknown }
  | { readonly kind: 'Drop'; readonly object: unknown }
  | { readonly kind: 'Bookmark'; readonly resourceVersion: string }
  | { readonly kind: 'Gone' };

/** What a stream of events is read with. */
export interface StreamTools {
  readonly api: Api;
  readonly clock: Clock;
  readonly parse: (text: string) => unknown;
}

const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** Bookmarks come every minute, so silence for longer means that nobody is there any more. */
const SILENCE_MS = 100_000;
const MIN_TIMEOUT_S = 240;
const MAX_TIMEOUT_S = 360;
const ERROR_LIMIT_BYTES = 64 * 1024;

/**
 * Events of a selection after a resourceVersion, until the server ends the watch. Throws ClusterError when the watch is
 * refused or breaks, is silent for 100 s, or holds a line that cannot be read: nothing is ever skipped.
 */
export async function* watchEvents(tools: StreamTools, action: string, selection: Selection, resourceVersion: string, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const watchdog = new Watchdog(tools.clock, SILENCE_MS, signal);
  try {
    const request = watchRequest(selection, resourceVersion, tools.clock.random());
    const stream = await tools.api.open(action, request, watchdog.signal);
    if (stream.status === 410) yield { kind: 'Gone' };
    else if (stream.status !== 200) throw await refusalOf(action, request, stream);
    else {
      yield { kind: 'Opened' };
      yield* eventsOf(action, request, stream, watchdog, tools.parse);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ClusterError ? error : silence(action, error);
  } finally {
    watchdog.end();
  }
}

async function* eventsOf(action: string, request: ReadRequest, stream: ReplyStream, watchdog: Watchdog, parse: (text: string) => unknown): AsyncGenerator<StreamEvent> {
  const cutter = new LineCutter(MAX_LINE_BYTES);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of stream.body) {
    watchdog.touch();
    for (const line of cutter.push(chunk)) yield readEvent(action, request, parse(decoder.decode(line)));
  }
  if (cutter.isInLine) throw nonsense(action, 'the stream ends within a line');
}

const readEvent = (action: string, request: ReadRequest, event: unknown): StreamEvent => {
  const { type, object } = fieldsOf(event);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { kind: 'Put', object };
    case 'DELETED':
      return { kind: 'Drop', object };
    case 'BOOKMARK':
      return { kind: 'Bookmark', resourceVersion: metadataOf(object).resourceVersion };
    case 'ERROR':
      return readError(action, request, object);
    default:
      throw nonsense(action, `an event of type ${JSON.stringify(textOf(type))}`);
  }
};

/** The stream tells of errors by a Status, when its own HTTP status is long gone. */
const readError = (action: string, request: ReadRequest, status: unknown): StreamEvent => {
  const { code } = fieldsOf(status);
  if (code === 410) return { kind: 'Gone' };
  throw refusal(action, request, { status: typeof code === 'number' ? code : 500, headers: {}, body: Buffer.from(JSON.stringify(status)) });
};

const refusalOf = async (action: string, request: ReadRequest, stream: ReplyStream): Promise<ClusterError> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ERROR_LIMIT_BYTES) break;
  }
  return refusal(action, request, { status: stream.status, headers: stream.headers, body: Buffer.concat(chunks) });
};

const watchRequest = (selection: Selection, resourceVersion: string, chance: number): ReadRequest => {
  const timeoutSeconds = MIN_TIMEOUT_S + Math.floor((MAX_TIMEOUT_S - MIN_TIMEOUT_S) * chance);
  const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(timeoutSeconds), resourceVersion });
  if (selection.labelSelector !== undefined) query.set('labelSelector', selection.labelSelector);
  if (selection.fieldSelector !== undefined) query.set('fieldSelector', selection.fieldSelector);
  const request = { method: 'GET', path: `${selection.path}?${query}` } as const;
  return selection.isMetadataOnly ? { ...request, accept: METADATA_ONLY } : request;
};
