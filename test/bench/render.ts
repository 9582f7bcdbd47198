// `make bench-render`: the engine alone, against stock helm as a process.
import { execFile } from 'node:child_process';
import { loadavg, availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { ENGINE_ENVIRONMENT, HelmRenderer } from '../../src/adapters/helm/renderer.ts';
import { SystemClock } from '../../src/adapters/system/clock.ts';
import { createLogger } from '../../src/adapters/system/logger.ts';
import type { Chart } from '../../src/ports/registry.ts';
import type { RenderRequest } from '../../src/ports/renderer.ts';
import { ensureTools } from '../tools/ensure.ts';
import { progressOn } from '../tools/progress.ts';
import { ENGINE } from './bundle.ts';
import { benchChart, CHART_DIR } from './chart.ts';
import { median, meets } from './figures.ts';
import { childrenOf, cpuMsOf, endedChildrenCpuMs, rssMiBOf } from './proc.ts';
import { table } from './table.ts';

const STARTS = 20;
const WARM_UP = 50;
const RENDERS = 500;
const HELM_RUNS = 20;
const START_LIMIT_MS = 80;
const RENDER_LIMIT_MS = 4.5;

const run = promisify(execFile);
const never = new AbortController().signal;

const openRenderer = (engines: number): HelmRenderer =>
  new HelmRenderer({ launch: { command: ENGINE, args: [], environment: ENGINE_ENVIRONMENT }, engines, clock: new SystemClock(), logger: createLogger({ level: 'silent' }) });

const chartOf = async (): Promise<Chart> => {
  const files = Object.entries(await benchChart('1.0.0')).map(([name, content]) => ({ name, bytes: Buffer.from(content) }));
  return { digest: `sha256:${'b'.repeat(64)}`, files, overrides: undefined };
};

const requestFor = (chart: Chart, index: number): RenderRequest => ({
  chart,
  values: [],
  skipSchemaValidation: false,
  release: { name: `r${String(index).padStart(4, '0')}`, namespace: 'bench-00', revision: 1, action: 'upgrade' },
  capabilities: { kubeVersion: 'v1.36.3', apiVersions: ['v1', 'apps/v1', 'apps/v1/Deployment', 'networking.k8s.io/v1', 'networking.k8s.io/v1/Ingress'] },
  stamp: { labels: { 'tagalong.dev/name': 'r0000', 'tagalong.dev/namespace': 'bench-00' }, annotations: { 'meta.helm.sh/release-name': 'r0000' } },
});

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

/** Wall ms of one thing done many times, and CPU ms of each on average. */
interface Timing {
  readonly name: string;
  readonly wallMs: readonly number[];
  readonly cpuMs: number;
  readonly rssMiB: number;
}

/** From spawning an engine to its first rendered reply, the chart sent and loaded. */
const starts = async (chart: Chart): Promise<Timing> => {
  const before = endedChildrenCpuMs();
  const wallMs: number[] = [];
  for (let round = 0; round < STARTS; round += 1) {
    const renderer = openRenderer(1);
    wallMs.push(await timed(() => renderer.render(requestFor(chart, round), never)));
    await renderer.close();
  }
  return { name: 'engine, start to first reply', wallMs, cpuMs: (endedChildrenCpuMs() - before) / STARTS, rssMiB: Number.NaN };
};

/** One render after the other in an engine that has the chart. */
const warm = async (chart: Chart): Promise<Timing> => {
  const renderer = openRenderer(1);
  try {
    for (let round = 0; round < WARM_UP; round += 1) await renderer.render(requestFor(chart, round), never);
    const [pid = 0] = childrenOf(process.pid);
    const before = cpuMsOf(pid) ?? Number.NaN;
    const wallMs: number[] = [];
    for (let round = 0; round < RENDERS; round += 1) wallMs.push(await timed(() => renderer.render(requestFor(chart, round), never)));
    return { name: 'engine, warm render', wallMs, cpuMs: ((cpuMsOf(pid) ?? Number.NaN) - before) / RENDERS, rssMiB: rssMiBOf(pid) };
  } finally {
    await renderer.close();
  }
};

const stock = async (helm: string): Promise<Timing> => {
  const args = ['template', 'r0000', CHART_DIR, '--namespace', 'bench-00', '--is-upgrade'];
  await run(helm, args); // the program comes from disk the first time
  const before = endedChildrenCpuMs();
  const wallMs: number[] = [];
  for (let round = 0; round < HELM_RUNS; round += 1) wallMs.push(await timed(() => run(helm, args)));
  return { name: 'helm template, a process each', wallMs, cpuMs: (endedChildrenCpuMs() - before) / HELM_RUNS, rssMiB: Number.NaN };
};

const rowOf = ({ name, wallMs, cpuMs, rssMiB }: Timing): readonly string[] => {
  const sorted = wallMs.toSorted((one, other) => one - other);
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN;
  return [name, String(wallMs.length), median(wallMs).toFixed(2), p95.toFixed(2), cpuMs.toFixed(2), Number.isNaN(rssMiB) ? '' : rssMiB.toFixed(0)];
};

try {
  const load = loadavg()[0] ?? 0;
  const { helm } = await ensureTools(['helm'], { progress: progressOn(process.stderr) });
  const chart = await chartOf();
  const [start, render, helmProcess] = [await starts(chart), await warm(chart), await stock(helm)];
  console.log(`bench chart, ${chart.files.length} files; ${availableParallelism()} cores, load ${load.toFixed(1)} at the start`);
  console.log(table(['', 'n', 'ms (median)', 'p95', 'CPU ms each', 'RSS MiB'], [start, render, helmProcess].map(rowOf)));
  console.log(
    `\nstart to first reply ${meets(median(start.wallMs), START_LIMIT_MS)} <= ${START_LIMIT_MS} ms; warm render ${meets(median(render.wallMs), RENDER_LIMIT_MS)} <= ${RENDER_LIMIT_MS} ms`,
  );
} catch (error) {
  console.error(`The bench of the engine failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
