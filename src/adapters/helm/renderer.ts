import { createHash } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type Rendered, type RenderedObject, RenderError, type Renderer, type RenderRequest, type Stamp } from '../../ports/renderer.ts';
import type { Launch } from './child.ts';
import { namedRead, namedRender, readOn, renderOn } from './conversation.ts';
import type { Engine } from './engine.ts';
import { Engines, ENGINES_LIMITS, type EnginesLimits } from './engines.ts';

/** All that an engine finds in its environment: a render is one thread's work, its garbage another's. */
export const ENGINE_ENVIRONMENT = { GOMAXPROCS: '2' } as const;

export interface HelmRendererOptions {
  readonly launch: Launch;
  /** How many engines, one a core; two more run while renders are slow. */
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

  /** Whether an engine runs. */
  get isUp(): boolean {
    return this.#engines.isUp;
  }

  /** Its state in words. */
  describe(): string {
    return this.isUp ? 'a helm engine runs' : 'no helm engine runs';
  }

  /** Starts the engines before there is work for them. */
  warmUp(): void {
    this.#engines.wakeAll();
  }

  async render(request: RenderRequest, signal: AbortSignal): Promise<Rendered> {
    const { digest, files } = request.chart;
    if (files.length === 0) throw new RenderError('ChartInvalid', `cannot render ${digest}: the chart has no files`);
    const work = { key: keyOf(request), digest, run: (engine: Engine) => renderOn(engine, request, signal) };
    return await namedRender(digest, () => this.#engines.run(work, signal));
  }

  async read(manifest: string, stamp: Stamp, signal: AbortSignal): Promise<readonly RenderedObject[]> {
    const work = { key: hash(manifest), run: (engine: Engine) => readOn(engine, manifest, stamp, signal) };
    return await namedRead(() => this.#engines.run(work, signal));
  }

  /** Ends the engines; calls that still wait are rejected as `Unavailable`. */
  async close(): Promise<void> {
    await this.#engines.close();
  }
}

// What the cluster can do is not in it: a CRD installed anywhere would let everybody out of quarantine.
const keyOf = ({ chart, values, skipSchemaValidation, release }: RenderRequest): string =>
  hash(JSON.stringify([chart.digest, chart.overrides, values, skipSchemaValidation, release.name, release.namespace]));

const hash = (text: string): string => createHash('sha256').update(text).digest('base64');
