import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { chartTgz, type Files } from '../registry/tar.ts';
import type { OracleChart, ValueSet } from './chart.ts';

const VALUE_SET = /^values-(\w+)\.yaml$/;

/**
 * Charts in folders below `dir`, in the order of their paths. `values-<set>.yaml` beside a chart's Chart.yaml are its value
 * sets and no part of it; a chart without any is rendered with its defaults. A folder in the chart whose name ends in .tgz is
 * packed into an archive of that name. `.helmignore` is a file like any other: what it names is packed too.
 */
export const chartsBelow = async (dir: string, base: string = dir): Promise<readonly OracleChart[]> => {
  const entries = await readdir(dir, { withFileTypes: true });
  if (entries.some(({ name }) => name === 'Chart.yaml')) return [await readChart(dir, path.relative(base, dir) || path.basename(dir))];
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== '.git' && entry.name !== 'node_modules').map(({ name }) => name);
  const charts = [];
  for (const folder of folders.sort()) charts.push(...(await chartsBelow(path.join(dir, folder), base)));
  return charts;
};

const readChart = async (dir: string, name: string): Promise<OracleChart> => {
  const all = Object.entries(await readFiles(dir));
  const sets = all.flatMap(([file, bytes]): readonly ValueSet[] => {
    const set = VALUE_SET.exec(file)?.[1];
    return set === undefined ? [] : [{ name: set, text: Buffer.from(bytes).toString('utf8') }];
  });
  const files = Object.fromEntries(all.filter(([file]) => sets.length === 0 || !VALUE_SET.test(file)));
  return { name, files, valueSets: sets.length === 0 ? [{ name: 'defaults', text: '{}' }] : sets };
};

const readFiles = async (dir: string): Promise<Files> => {
  const entries = await readdir(dir, { withFileTypes: true });
  const files: [string, string | Uint8Array][] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const at = path.join(dir, entry.name);
    if (entry.isFile()) files.push([entry.name, await readFile(at)]);
    if (entry.isDirectory()) files.push(...inFolder(entry.name, await readFiles(at)));
  }
  return Object.fromEntries(files);
};

const inFolder = (name: string, files: Files): readonly [string, string | Uint8Array][] => {
  if (name.endsWith('.tgz')) return [[name, chartTgz(name.replace(/(-\d.*)?\.tgz$/, ''), files)]];
  return Object.entries(files).map(([file, bytes]) => [`${name}/${file}`, bytes]);
};
