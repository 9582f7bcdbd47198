import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Rendered, type RenderedObject, RenderError, type Renderer, type RenderRequest, type Stamp } from '../../ports/renderer.ts';
import type { Launch } from './child.ts';
import { Engines, ENGINES_LIMITS, type EnginesLimits } from './engines.ts';
import { type Engine, EngineLost } from './engine.ts';
import { renderError } from './failure.ts';
import { FrameError } from './frames.ts';
import { readMessage, renderMessage } from './messages.ts';
import type { FailedReply, RenderedReply } from './protocol.ts';

/** All that an engine finds in its environment: a render is one thread's work, its garbage another's. */
export const ENGINE_ENVIRONMENT = { GOMAXPROCS: '2' } as const;

export interface HelmRendererOptions {
  readonly launch: Launch;
  /** How many engines at most, one a core. */
  readonly engines: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<EnginesLimits>;
}

/** Renders with Helm's own packages, in engines that are children of this one. Aborted calls reject with the signal's reason. */
export class HelmRenderer implements Renderer {
  readonly #engines: Engines;

  constructor({ launch, engines, clock, logger, limits }: HelmRendererOptions) {
    this.#engines = new Engines({ launch, count: engines, limits: { ...ENGINES_LIMITS, ...limits }, clock, logger });
  }

  /** Starts the engines before there is work for them. */
  warmUp(): void {
    this.#engines.wakeAll();
  }

  async render(request: RenderRequest, signal: AbortSignal): Promise<Rendered> {
    const { digest, files } = request.chart;
    if (files.length === 0) throw new RenderError('ChartInvalid', `cannot render ${digest}: the chart has no files`);
    const work = { digest, run: (engine: Engine) => renderOn(engine, request, signal) };
    return await named(`cannot render ${digest}`, 'ChartInvalid', () => this.#engines.run(work, signal));
  }

  async read(manifest: string, stamp: Stamp, signal: AbortSignal): Promise<readonly RenderedObject[]> {
    const work = { run: (engine: Engine) => readOn(engine, manifest, stamp, signal) };
    return await named('cannot read a stored manifest', 'TemplateFailed', () => this.#engines.run(work, signal));
  }

  /** Ends the engines; calls that still wait are rejected as `Unavailable`. */
  async close(): Promise<void> {
    await this.#engines.close();
  }
}

const renderOn = async (engine: Engine, request: RenderRequest, signal: AbortSignal): Promise<Rendered> => {
  const reply = (await renderHeld(engine, request, signal)) ?? (await renderSent(engine, request, signal));
  if (reply.kind === 'failed') throw renderError(reply);
  return rendered(reply);
};

/** By digest alone; undefined when the engine does not hold the chart. */
const renderHeld = async (engine: Engine, request: RenderRequest, signal: AbortSignal): Promise<RenderedReply | FailedReply | undefined> => {
  if (!engine.holds(request.chart.digest)) return undefined;
  const reply = await engine.exchange(renderMessage(request, 'digest'), ['rendered', 'chartNeeded'], signal);
  return reply.kind === 'chartNeeded' ? undefined : reply;
};

const renderSent = async (engine: Engine, request: RenderRequest, signal: AbortSignal): Promise<RenderedReply | FailedReply> => {
  const reply = await engine.exchange(renderMessage(request, 'files'), ['rendered'], signal);
  engine.remember(request.chart.digest);
  return reply;
};

const readOn = async (engine: Engine, manifest: string, stamp: Stamp, signal: AbortSignal): Promise<readonly RenderedObject[]> => {
  const reply = await engine.exchange(readMessage(manifest, stamp), ['read'], signal);
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

/** Adds what was tried to errors that only know about engines and frames. */
const named = async <T>(what: string, tooLarge: 'ChartInvalid' | 'TemplateFailed', act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof FrameError) throw new RenderError(tooLarge, `${what}: ${cause.message}`, { cause });
    if (cause instanceof EngineLost) throw new RenderError('Unavailable', `${what}: ${cause.message}`, { cause });
    throw cause;
  }
};
