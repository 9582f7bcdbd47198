import type { Chart, ChartFile } from '../../ports/registry.ts';
import { failure } from './failure.ts';

/**
 * Puts a chart of Helm 3.0.0-alpha together again. Its archive has a Chart.yaml with placeholders alone; everything else that
 * the author wrote there is in the layer of metadata, name and version are in annotations. JSON is YAML, so it stands as it is.
 */
export const withMeta = (files: readonly ChartFile[], meta: Uint8Array, overrides: NonNullable<Chart['overrides']>, attempt: string): readonly ChartFile[] => {
  const chartYaml = JSON.stringify({ ...parseMeta(meta, attempt), ...overrides }, undefined, 2);
  return files.map((file) => (file.name === 'Chart.yaml' ? { name: file.name, bytes: Buffer.from(chartYaml) } : file));
};

const parseMeta = (meta: Uint8Array, attempt: string): object => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(meta).toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch (cause) {
    throw failure('NotAChart', attempt, 'the metadata of the chart is no JSON', { cause });
  }
  throw failure('NotAChart', attempt, 'the metadata of the chart is no JSON object');
};
