import type { Chart } from '../../ports/registry.ts';
import type { Descriptor, ManifestReading } from './manifest.ts';
import { HELM_CONFIG, HELM_CONTENT, HELM_CONTENT_ALPHA, HELM_CONTENT_EXPERIMENTAL, HELM_META_ALPHA } from './media-types.ts';
import { oneLine } from './one-line.ts';

/** Where a chart is in its manifest, or in words what else the manifest describes. */
export type ChartFormat =
  | { readonly kind: 'Archive'; readonly content: Descriptor }
  | { readonly kind: 'Alpha'; readonly content: Descriptor; readonly meta: Descriptor; readonly overrides: NonNullable<Chart['overrides']> }
  | { readonly kind: 'Other'; readonly what: string };

/** Finds the chart in a manifest: the format of Helm 3.7 and later, that of the experimental versions, and that of 3.0.0-alpha. */
export const chartFormat = (manifest: ManifestReading): ChartFormat => {
  if (manifest.kind === 'Other') return manifest;
  if (manifest.config.mediaType !== HELM_CONFIG) return other(`another artifact (${configOf(manifest.config, manifest.artifactType)})`);
  const contents = manifest.layers.filter(({ mediaType }) => isContent(mediaType));
  const [content] = contents;
  if (content === undefined) return other("a chart's manifest without a layer that holds a chart");
  if (contents.length > 1) return other("a chart's manifest with several layers that hold charts");
  return HELM_CONTENT_ALPHA.includes(content.mediaType) ? alpha(content, manifest.layers) : { kind: 'Archive', content };
};

/** The blobs that a chart is made of. */
export const contentsOf = (format: ChartFormat): readonly Descriptor[] => {
  switch (format.kind) {
    case 'Other':
      return [];
    case 'Archive':
      return [format.content];
    case 'Alpha':
      return [format.meta, format.content];
  }
};

const isContent = (mediaType: string): boolean => mediaType === HELM_CONTENT || mediaType === HELM_CONTENT_EXPERIMENTAL || HELM_CONTENT_ALPHA.includes(mediaType);

const alpha = (content: Descriptor, layers: readonly Descriptor[]): ChartFormat => {
  const meta = layers.find(({ mediaType }) => HELM_META_ALPHA.includes(mediaType));
  const name = content.annotations['sh.helm.chart.name'] ?? '';
  const version = content.annotations['sh.helm.chart.version'] ?? '';
  if (meta === undefined || name === '' || version === '') return other('a chart of Helm 3.0.0-alpha without its name, version or metadata');
  // These Helms knew no other apiVersion and wrote this one, whatever the chart said.
  return { kind: 'Alpha', content, meta, overrides: { name, version, apiVersion: 'v1' } };
};

const configOf = ({ mediaType }: Descriptor, artifactType: string | undefined): string =>
  `config ${oneLine(mediaType, 100)}${artifactType === undefined ? '' : `, artifact type ${oneLine(artifactType, 100)}`}`;

const other = (what: string): ChartFormat => ({ kind: 'Other', what });
