import { type Rendered, type RenderedObject, RenderError, type RenderRequest, type Stamp } from '../../ports/renderer.ts';
import { BareError, renderError } from './failure.ts';
import { FrameError } from './frames.ts';
import { readMessage, renderMessage } from './messages.ts';
import type { FailedReply, Message, RenderedReply, Reply } from './protocol.ts';
import type { Expected } from './reply.ts';

/** Whoever answers requests: an engine, or a renderer at the other end of a socket. */
export interface Speaker {
  /** Whether it is believed to hold the chart; it forgets without saying so. */
  holds(digest: string): boolean;
  /** Notes that it was given the chart. */
  remember(digest: string): void;
  /** Sends a request and gives its checked reply, of the given kinds or `failed`. Rejects with FrameError, BareError, or the signal's reason. */
  exchange<K extends Reply['kind']>(message: Message, wanted: Wanted<K>, signal: AbortSignal): Promise<Extract<Reply, { kind: K }> | FailedReply>;
}

/** What a request may be replied to with, and who answers lookups on the way; there may be none where nobody does. */
export type Wanted<K extends Reply['kind']> = Omit<Expected<K>, 'id'>;

/** Has a chart rendered; its files go out only where they are not held. */
export const renderOn = async (speaker: Speaker, request: RenderRequest, signal: AbortSignal): Promise<Rendered> => {
  const reply = (await renderHeld(speaker, request, signal)) ?? (await renderSent(speaker, request, signal));
  if (reply.kind === 'failed') throw renderError(reply);
  return rendered(reply);
};

/** By digest alone; undefined when the chart is not held. */
const renderHeld = async (speaker: Speaker, request: RenderRequest, signal: AbortSignal): Promise<RenderedReply | FailedReply | undefined> => {
  if (!speaker.holds(request.chart.digest)) return undefined;
  const reply = await speaker.exchange(renderMessage(request, 'digest'), { kinds: ['rendered', 'chartNeeded'], lookUp: request.lookUp }, signal);
  return reply.kind === 'chartNeeded' ? undefined : reply;
};

const renderSent = async (speaker: Speaker, request: RenderRequest, signal: AbortSignal): Promise<RenderedReply | FailedReply> => {
  const reply = await speaker.exchange(renderMessage(request, 'files'), { kinds: ['rendered'], lookUp: request.lookUp }, signal);
  speaker.remember(request.chart.digest);
  return reply;
};

/** Has a manifest read back. */
export const readOn = async (speaker: Speaker, manifest: string, stamp: Stamp, signal: AbortSignal): Promise<readonly RenderedObject[]> => {
  const reply = await speaker.exchange(readMessage(manifest, stamp), { kinds: ['read'] }, signal);
  if (reply.kind === 'failed') throw renderError(reply);
  return reply.objects;
};

const rendered = (reply: RenderedReply): Rendered => ({
  chart: reply.chart,
  notes: reply.notes,
  manifest: textOf(reply.manifest),
  objects: reply.objects,
  crds: reply.crds,
  hooks: reply.hooks,
  recordParts: { chart: textOf(reply.recordChart), hooks: textOf(reply.recordHooks), config: textOf(reply.config) },
});

// A byte that is no UTF-8 would be replaced in silence, and the record would no longer hold what was applied.
const textOf = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RenderError('TemplateFailed', 'the manifest that the templates made is no UTF-8', { cause });
  }
};

/** Adds what was tried to the errors of rendering that only know about engines, sockets and frames. */
export const namedRender = <T>(digest: string, act: () => Promise<T>): Promise<T> => named(`cannot render ${digest}`, 'ChartInvalid', act);

/** Adds what was tried to the errors of reading that only know about engines, sockets and frames. */
export const namedRead = <T>(act: () => Promise<T>): Promise<T> => named('cannot read a stored manifest', 'TemplateFailed', act);

const named = async <T>(what: string, tooLarge: 'ChartInvalid' | 'TemplateFailed', act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof FrameError) throw new RenderError(tooLarge, `${what}: ${cause.message}`, { cause });
    if (cause instanceof BareError) throw new RenderError(cause.code, `${what}: ${cause.message}`, { cause });
    throw cause;
  }
};
