import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureTools } from './tools/ensure.ts';
import { progressOn } from './tools/progress.ts';

/** Counts of one step. */
interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, a line each: the name of the test and the first line of why. */
  readonly failures?: readonly string[];
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Reads the counts of what was run; a step without one counts as one test. */
  readonly tally?: (output: string) => Promise<Tally>;
}

const ROOT = path.resolve(import.meta.dirname, '..');

/** As `make .build/helm-engine` builds, so that nothing of Helm is compiled twice. */
const GO_ENV = { CGO_ENABLED: '0', GOFLAGS: `${process.env['GOFLAGS'] ?? ''} -trimpath`.trim() };

/** Everything that must hold of the project, in the order in which it is found out soonest; what stands together, and has one core to itself at most, runs side by side. */
const stages = (dir: string, helm: string): readonly (readonly Step[])[] => [
  [
    { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
    { name: 'lint', command: ['biome', 'check'] },
    { name: 'layers', command: ['depcruise', '--config', '.dependency-cruiser.mjs', 'src', 'test'] },
    { name: 'dead code', command: ['knip'] },
    { name: 'generated files', command: ['node', 'src/main/generate.ts', '--check'] },
    { name: 'bundle', command: ['node', 'build.mjs'] },
    { name: 'helm-engine vet', command: ['go', 'vet', './...'], cwd: 'helm-engine', env: GO_ENV },
  ],
  [{ name: 'helm-engine', command: ['go', 'test', '-json', './...'], cwd: 'helm-engine', env: { ...GO_ENV, HELM: helm }, tally: goTally }],
  [vitest('unit', dir)],
  [{ name: 'simulation', command: ['node', 'test/sim/main.ts'], env: { SEEDS: '2000' } }],
  [vitest('integration', dir)],
  [{ name: 'demo', command: ['node', 'test/demo/main.ts'] }],
];

const vitest = (project: string, dir: string): Step => {
  const report = path.join(dir, `${project}.json`);
  return {
    name: project,
    command: ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    tally: async () => vitestTally(await readFile(report, 'utf8')),
  };
};

const vitestTally = (report: string): Tally => {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites, testResults } = JSON.parse(report) as VitestReport;
  // A file that cannot be loaded has no failed test in it, and has failed all the same.
  const failed = Math.max(numFailedTests ?? 0, (numFailedTestSuites ?? 0) > 0 ? 1 : 0);
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed').map((test) => `${test.fullName}: ${firstLine(test.failureMessages?.[0])}`);
    return (status === 'failed' && tests.length === 0 ? [firstLine(message)] : tests).map((failure) => `${path.relative(ROOT, name)}: ${failure}`);
  });
  return { passed: numPassedTests ?? 0, failed, skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0), failures };
};

/** What is read here of vitest's own JSON report. */
interface VitestReport {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly numFailedTestSuites?: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly failureMessages?: readonly string[] }[];
  }[];
}

const firstLine = (text = ''): string => text.split('\n')[0]?.slice(0, 400) ?? '';

async function goTally(output: string): Promise<Tally> {
  const events = output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const event = JSON.parse(line) as { readonly Action?: string; readonly Package?: string; readonly Test?: string }; // go test -json, see `go doc test2json`
    return event.Test === undefined ? [] : [event];
  });
  const of = (action: string) => events.filter((event) => event.Action === action);
  return { passed: of('pass').length, failed: of('fail').length, skipped: of('skip').length, failures: of('fail').map(({ Package, Test }) => `${Package}: ${Test}`) };
}

/** Runs a command with its output shown as it comes; that of one that is not alone when it has ended, and of `go test -json` only at a failure. */
const run = (step: Step, isAlone: boolean): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = step.command;
    const isJson = step.command.includes('-json');
    const shown = isAlone ? 'inherit' : 'pipe';
    const child = spawn(program, args, { cwd: path.join(ROOT, step.cwd ?? '.'), env: { ...process.env, ...step.env }, stdio: ['ignore', isJson ? 'pipe' : shown, shown] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.once('error', reject);
    if (isAlone) console.log(titleOf(step));
    child.once('close', (code) => {
      if (!isAlone) console.log(`${titleOf(step)}\n${output}`.trimEnd());
      if (isJson && code !== 0) console.log(output.split('\n').slice(-60).join('\n'));
      resolve({ code: code ?? 1, output });
    });
  });

const titleOf = ({ name, command }: Step): string => `\n== ${name}: ${command.join(' ')}`;

const tallyOf = async (step: Step, isAlone: boolean): Promise<Tally> => {
  const { code, output } = await run(step, isAlone);
  const tally = (await step.tally?.(output).catch(() => undefined)) ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1, failures: [step.command.join(' ')] } : tally;
};

const began = Date.now();
const { helm } = await ensureTools(undefined, { progress: progressOn(process.stderr) });
const dir = await mkdtemp(path.join(tmpdir(), 'tagalong-test-'));
const lines: string[] = [`tools            there after ${Math.round((Date.now() - began) / 1000)} s`];
const failures: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
const take = async (step: Step, isAlone: boolean): Promise<void> => {
  const began = Date.now();
  const tally = await tallyOf(step, isAlone);
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  failures.push(...(tally.failures ?? (tally.failed > 0 ? [step.command.join(' ')] : [])).map((failure) => `failed in ${step.name}: ${failure}`));
  lines.push(`${step.name.padEnd(16)} ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped in ${Math.round((Date.now() - began) / 1000)} s`);
};
for (const steps of stages(dir, helm)) await Promise.all(steps.map((step) => take(step, steps.length === 1)));
await rm(dir, { recursive: true, force: true });
console.log(`\n${[...lines, ...failures].join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
