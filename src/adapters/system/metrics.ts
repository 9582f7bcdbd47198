import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ApiMetrics, ChartMetrics, Metrics, QueueMetrics, RegistryMetrics, RenderMetrics, RolloutCounts, RunMetrics } from '../../ports/metrics.ts';
import { Instruments } from './instruments.ts';
import { type ReleaseSource, releaseText } from './release-metrics.ts';
import { type RegistrySource, registryGauges } from './registry-gauges.ts';
import { apiMetrics, chartMetrics, registryMetrics, renderMetrics } from './request-metrics.ts';
import { queueMetrics, runMetrics, type Stopwatch } from './work-metrics.ts';

export interface MetricsOptions {
  /** Version of the operator. */
  readonly version: string;
  /** Releases that may be worked on at once. */
  readonly maxConcurrent: number;
  /** Default: the process's own. */
  readonly now?: Stopwatch;
}

/** How often the event loop's delay is looked at: prom-client's 10 ms would wake an idle process a hundred times a second. */
const EVENT_LOOP_SAMPLE_MS = 50;

const processTime: Stopwatch = () => performance.now() / 1000;

const NO_ROLLOUTS: RolloutCounts = { rolling: 0, queued: 0, held: 0 };

interface RendererState {
  readonly isUp: boolean;
}

/** This replica's part in an election by the Lease of that name; it leads while it has a term. */
interface Leading {
  readonly lease: string;
  readonly term: unknown;
}

/** Metrics for Prometheus: those of metric-table.ts, and prom-client's `process_*` and `nodejs_*`. */
export class PrometheusMetrics implements Metrics {
  readonly queue: QueueMetrics;
  readonly runs: RunMetrics;
  readonly api: ApiMetrics;
  readonly registry: RegistryMetrics;
  readonly charts: ChartMetrics;
  readonly renders: RenderMetrics;
  readonly #registry = new Registry();
  #releases: ReleaseSource | undefined;
  #renderer: RendererState | undefined;
  #leadership: Leading | undefined;
  #registries: RegistrySource | undefined;
  #rollouts: { readonly counts: RolloutCounts } | undefined;

  constructor({ version, maxConcurrent, now = processTime }: MetricsOptions) {
    const instruments = new Instruments(this.#registry);
    this.queue = queueMetrics(instruments, now);
    this.runs = runMetrics(instruments, maxConcurrent, now);
    this.api = apiMetrics(instruments, now);
    this.registry = registryMetrics(instruments, now);
    this.charts = chartMetrics(instruments);
    this.renders = renderMetrics(instruments, now);
    registryGauges(instruments, () => this.#registries?.registries() ?? []);
    instruments.gauge('tagalong_renderer_up', (gauge) => gauge.set(this.#renderer?.isUp === true ? 1 : 0));
    instruments.gauge('leader_election_master_status', (gauge) => {
      if (this.#leadership !== undefined) gauge.set({ name: this.#leadership.lease }, this.#leadership.term === undefined ? 0 : 1);
    });
    instruments.gauge('tagalong_rollouts', (gauge) => {
      for (const [state, count] of Object.entries(this.#rollouts?.counts ?? NO_ROLLOUTS)) gauge.set({ state }, count);
    });
    instruments.gauge('tagalong_build_info').set({ version, node: process.version }, 1);
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  }

  /** Adds the series of these releases. */
  follow(releases: ReleaseSource): void {
    this.#releases = releases;
  }

  /** Shows whether this renderer is there. */
  watch(renderer: RendererState): void {
    this.#renderer = renderer;
  }

  /** Shows how many releases are on their way. */
  watchRollouts(rollouts: { readonly counts: RolloutCounts }): void {
    this.#rollouts = rollouts;
  }

  /** Shows how the registries fare. */
  watchRegistries(registries: RegistrySource): void {
    this.#registries = registries;
  }

  /** Shows whether this replica leads. */
  watchLeadership(leadership: Leading): void {
    this.#leadership = leadership;
  }

  /** Media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All series as they are now, in Prometheus' text format 0.0.4. */
  async text(): Promise<string> {
    const text = await this.#registry.metrics();
    return this.#releases === undefined ? text : `${text}\n${releaseText(this.#releases)}`;
  }
}
