import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTools } from '../tools/ensure.ts';
import { chartsBelow } from './folder.ts';
import { made } from './made.ts';
import { consult } from './oracle.ts';
import { Operator } from './operator.ts';
import { StockHelm } from './stock-helm.ts';

const engine = process.env['TAGALONG_ENGINE'] ?? '';
const FOLDER = path.join(import.meta.dirname, 'charts');

// `make oracle` asks more: release records, every value set on its own, and random values.
describe.skipIf(engine === '')('archive reader and helm-engine', { timeout: 240_000 }, () => {
  let dir: string;
  let helm: StockHelm;

  beforeAll(async () => {
    const tools = await ensureTools(['helm']);
    dir = await mkdtemp(path.join(tmpdir(), 'tagalong-oracle-'));
    helm = new StockHelm(tools.helm, dir);
  });

  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('make of every chart what stock helm makes of it, in any order in one engine', async () => {
    const capabilities = await helm.ownCapabilities();
    const operator = new Operator(engine, capabilities);
    try {
      const report = await consult({ helm, operator }, [...(await chartsBelow(FOLDER)), ...made], { extent: 'part', workers: 2, capabilities });
      expect(report.differences).toEqual([]);
      expect(report.charts).toBeGreaterThan(80);
    } finally {
      await operator.close();
    }
  });
});
