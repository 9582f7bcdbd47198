import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Files } from '../registry/tar.ts';

/** Folder of the bench chart: podinfo's shape, four objects with default values, Deployment with 0 replicas. */
export const CHART_DIR = path.join(import.meta.dirname, 'chart');

/** The bench chart as that version. Every object carries the version in a label, so another version changes every object. */
export const benchChart = async (version: string): Promise<Files> => {
  const entries = await readdir(CHART_DIR, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => path.relative(CHART_DIR, path.join(entry.parentPath, entry.name)));
  const read = async (name: string) => [name, await readFile(path.join(CHART_DIR, name), 'utf8')] as const;
  const files = Object.fromEntries(await Promise.all(names.toSorted().map(read)));
  return { ...files, 'Chart.yaml': (files['Chart.yaml'] ?? '').replaceAll('1.0.0', version) };
};

/** Values that change the Service and nothing else. */
export const ONE_OBJECT_VALUES = { service: { annotations: { 'example.com/changed': 'yes' } } };
