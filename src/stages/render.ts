import type { ChartRelease } from '../api/chart-release.ts';
import { stampOf } from '../core/ownership.ts';
import type { ReleaseAddress } from '../core/record.ts';
import type { ValuesDocument } from '../core/values.ts';
import type { Cluster } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';
import type { Chart } from '../ports/registry.ts';
import { RenderError, type Rendered, type Renderer } from '../ports/renderer.ts';

/** What is rendered: the chart, as which revision of which Helm release. */
export interface RenderInput {
  readonly release: ChartRelease;
  readonly address: ReleaseAddress;
  readonly chart: Chart;
  readonly values: readonly ValuesDocument[];
  readonly revision: number;
  readonly action: 'install' | 'upgrade';
}

/** Renders a chart as Helm would install or upgrade it on this cluster. Rejects with RenderError, ClusterError, StageError. */
export const render = async (deps: { readonly renderer: Renderer; readonly cluster: Cluster }, input: RenderInput, signal: AbortSignal): Promise<Rendered> => {
  const { release, address, chart, values, revision, action } = input;
  const request = {
    chart,
    values,
    skipSchemaValidation: release.spec.skipSchemaValidation,
    release: { name: address.releaseName, namespace: address.namespace, revision, action },
    capabilities: await deps.cluster.capabilities(signal),
    stamp: stampOf(release.metadata, address),
  };
  return deps.renderer.render(request, signal).catch(withAdvice);
};

/** What lets the chart in is a field of the ChartRelease, of which a renderer knows nothing. */
const withAdvice = (error: unknown): never => {
  if (!(error instanceof RenderError) || error.code !== 'SchemaRefused') throw error;
  throw new StageError('SchemaRefused', `${error.message}; spec.skipSchemaValidation: true lets the chart in without the schema`, { cause: error });
};
