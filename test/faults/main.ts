import { type OwnGround, prepareGround } from '../lab/ground.ts';
import { exitOnSignals } from '../lab/signals.ts';
import { wholeNumber } from '../setting.ts';
import { progressOn } from '../tools/progress.ts';
import { OUTAGE_NAMES, outageReport } from './outages.ts';
import { PART_NAMES, partRuns } from './parts.ts';
import { joined, missedIn, type Report, runAll } from './run.ts';

// make faults: all of it. ONLY=text: only runs whose name has it, as a violation prints it. SEED=n: the same moments again. FIELDS=n: so many side by side.
const only = process.env['ONLY'] ?? '';
const seed = wholeNumber('SEED', Date.now() % 100_000, 0);
const fields = wholeNumber('FIELDS', 4);

/** Which events come in a scenario, and in how many pieces, is not always the same: so many of all runs may have waited for one in vain. */
const MOST_BY_CHANCE = 0.02;

const tell = (part: string, began: number, { runs, unmet, findings, busiest }: Report): void => {
  console.log(`${part}: ${runs} runs, ${findings.length} violations in ${Math.round((Date.now() - began) / 1000)} s`);
  if (busiest !== undefined) console.log(`  most requests that failed: ${busiest.aSecond} a second in ${busiest.name}`);
  for (const { name } of unmet) console.log(`  found nothing to strike: ${name}`);
  for (const { run, message } of findings) console.log(`  ${message}\n    again: ONLY='${run}' SEED=${seed} make faults`);
};

const runParts = async (ground: OwnGround): Promise<Report> => {
  const reports: Report[] = [];
  const named = [...PART_NAMES, 'outage'].filter((part) => only.startsWith(`${part}/`));
  const wanted = PART_NAMES.filter((part) => named.length === 0 || named.includes(part));
  const runs = (await partRuns(wanted, { ground, seed, fields })).filter(({ name }) => name.includes(only));
  for (const part of wanted) {
    const began = Date.now();
    const some = runs.filter(({ name }) => name.startsWith(`${part}/`));
    if (some.length === 0) continue;
    const report = await runAll(ground, `faults-${part}`, some, fields);
    reports.push(report);
    tell(part, began, report);
  }
  const outages = OUTAGE_NAMES.filter((name) => `outage/${name}/`.includes(only) || only.startsWith(`outage/${name}/`));
  if (outages.length > 0) {
    const began = Date.now();
    const report = await outageReport(ground, seed, outages);
    reports.push(report);
    tell('outage', began, report);
  }
  return joined(reports);
};

exitOnSignals();
const cleanup = new AsyncDisposableStack();
try {
  const ground = cleanup.adopt(await prepareGround(progressOn(process.stderr)), (it) => it.close());
  console.log(`SEED=${seed}`);
  const report = await runParts(ground);
  const { runs, unmet, findings } = report;
  const missed = missedIn(report, MOST_BY_CHANCE * (runs + unmet.length));
  if (missed.length > 0) console.log(`failed, since the faults of these runs did not come: ${missed.join(', ')}`);
  console.log(`faults: ${runs} runs, ${findings.length} violations`);
  process.exitCode = findings.length === 0 && missed.length === 0 && runs > 0 ? 0 : 1;
} catch (error) {
  console.error(`\nThe faults failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanup.disposeAsync();
}
