import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { progressOn } from '../tools/progress.ts';
import { ensureTools } from '../tools/ensure.ts';
import type { OracleChart } from './chart.ts';
import { chartsBelow } from './folder.ts';
import { made } from './made.ts';
import { mutants } from './mutate.ts';
import type { Case } from './judge.ts';
import { consult, judgeAll, packed, type Report } from './oracle.ts';
import { Operator, type Outcome } from './operator.ts';
import { type Circumstances, StockHelm } from './stock-helm.ts';

// node test/oracle/main.ts [DIR]: the charts below DIR in place of our own. SEED and COUNT: random changes of their values.
const ROOT = path.resolve(import.meta.dirname, '../..');
const given = process.argv[2] || undefined;
const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
const count = Number(process.env['COUNT'] ?? (given === undefined ? 300 : 0));
const workers = availableParallelism();

const report = await run();
for (const difference of report.differences) console.log(`${difference}\n`);
for (const [purpose, cases] of report.apart) console.log(`${cases} refused on purpose: ${purpose}`);
if (count > 0) console.log(`random changes of values: SEED=${seed} COUNT=${count}`);
console.log(`oracle: ${report.charts} charts, ${report.renders} renders, ${report.differences.length} differences`);
process.exitCode = report.differences.length === 0 ? 0 : 1;

async function run(): Promise<Report> {
  const { helm: command } = await ensureTools(['helm'], { progress: progressOn(process.stderr) });
  const dir = await mkdtemp(path.join(tmpdir(), 'tagalong-oracle-'));
  const helm = new StockHelm(command, dir);
  const capabilities = await helm.ownCapabilities();
  const operator = new Operator(path.join(ROOT, '.build/helm-engine'), capabilities);
  try {
    const charts = given === undefined ? [...(await chartsBelow(path.join(import.meta.dirname, 'charts'))), ...made] : await chartsBelow(path.resolve(given));
    const report = await consult({ helm, operator }, charts, { extent: 'whole', workers, capabilities });
    return joined(report, await mutated({ helm, operator }, charts, capabilities.kubeVersion));
  } finally {
    await operator.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Renders each changed value set once, in the engine that has rendered all the charts. */
async function mutated(sides: { readonly helm: StockHelm; readonly operator: Operator }, charts: readonly OracleChart[], kubeVersion: string): Promise<Report> {
  const archives = new Map(charts.map((chart) => [chart, packed(chart)]));
  const circumstances: Circumstances = { release: { name: 'demo', namespace: 'space', action: 'install' }, kubeVersion, extraApiVersions: [] };
  const outcomes = new Map<Case, readonly Outcome[]>();
  const sound = charts.filter(({ name }) => !name.startsWith('fault-'));
  for (const question of mutants(sound, seed, count)) {
    const archive = archives.get(question.chart) ?? packed(question.chart);
    outcomes.set({ question, archive, circumstances, isThorough: false }, [await sides.operator.render(question, archive, circumstances)]);
  }
  return { charts: 0, renders: outcomes.size, ...(await judgeAll(sides, outcomes, workers)) };
}

function joined(one: Report, other: Report): Report {
  const apart = new Map(one.apart);
  for (const [purpose, cases] of other.apart) apart.set(purpose, (apart.get(purpose) ?? 0) + cases);
  return { charts: one.charts, renders: one.renders + other.renders, differences: [...one.differences, ...other.differences], apart };
}
