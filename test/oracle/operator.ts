import { createHash } from 'node:crypto';
import { ENGINE_ENVIRONMENT, HelmRenderer } from '../../src/adapters/helm/renderer.ts';
import { ArchiveFault } from '../../src/adapters/registry/archive-limits.ts';
import { unpackChart } from '../../src/adapters/registry/archive.ts';
import { type Capabilities, type Rendered, type RenderedObject, RenderError } from '../../src/ports/renderer.ts';
import type { Chart } from '../../src/ports/registry.ts';
import { realClock } from '../kube/real-clock.ts';
import { RecordingLogger } from '../kube/recording-logger.ts';
import type { Question } from './chart.ts';
import type { Circumstances } from './stock-helm.ts';

/** What the operator makes of a chart, or why it does not. */
export type Outcome = { readonly kind: 'Rendered'; readonly rendered: Rendered } | { readonly kind: 'Refused'; readonly message: string };

/** Labels and annotations are none of Helm's. */
const NO_STAMP = { labels: {}, annotations: {} };

/** The operator's way from an archive to objects: its archive reader, then one single engine, for as long as this is open. */
export class Operator {
  readonly #renderer: HelmRenderer;
  readonly #helmsOwn: Capabilities;
  readonly #charts = new Map<Uint8Array, Promise<Chart>>();
  readonly #signal = new AbortController().signal;

  constructor(engine: string, helmsOwn: Capabilities) {
    const launch = { command: engine, args: [], environment: ENGINE_ENVIRONMENT };
    this.#renderer = new HelmRenderer({ launch, engines: 1, clock: realClock(), logger: new RecordingLogger() });
    this.#helmsOwn = helmsOwn;
  }

  async render({ values }: Question, archive: Uint8Array, { release, kubeVersion, extraApiVersions }: Circumstances): Promise<Outcome> {
    const capabilities = { kubeVersion, apiVersions: [...this.#helmsOwn.apiVersions, ...extraApiVersions] };
    try {
      const chart = await this.#chart(archive);
      const request = {
        chart,
        values: [{ text: values.text, name: '', isLiteral: false, isSecret: false }],
        skipSchemaValidation: false,
        release: { ...release, revision: 1 },
        capabilities,
        stamp: NO_STAMP,
      };
      return { kind: 'Rendered', rendered: await this.#renderer.render(request, this.#signal) };
    } catch (error) {
      if (error instanceof ArchiveFault || (error instanceof RenderError && error.code !== 'Unavailable')) return { kind: 'Refused', message: error.message };
      throw error;
    }
  }

  /** Objects of a manifest that was rendered by whomever. */
  async read(manifest: string): Promise<readonly RenderedObject[]> {
    return await this.#renderer.read(manifest, NO_STAMP, this.#signal);
  }

  async close(): Promise<void> {
    await this.#renderer.close();
  }

  #chart(archive: Uint8Array): Promise<Chart> {
    const known = this.#charts.get(archive) ?? unpack(archive, this.#signal);
    this.#charts.set(archive, known);
    return known;
  }
}

const unpack = async (archive: Uint8Array, signal: AbortSignal): Promise<Chart> => ({
  digest: `sha256:${createHash('sha256').update(archive).digest('hex')}`,
  files: await unpackChart(archive, signal),
  overrides: undefined,
});
