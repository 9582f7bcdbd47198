import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ToolName } from '../tools/catalog.ts';
import { ensureTools } from '../tools/ensure.ts';
import { withLock } from '../tools/lock.ts';
import { isRunning, type Pid, signal } from '../tools/pid.ts';
import { type Progress, SILENT } from '../tools/progress.ts';
import type { Connection, LabSpec } from './bring-up.ts';
import type { PidFile } from './children.ts';
import { type Launched, launch } from './launch.ts';
import { type Layout, layoutOf } from './layout.ts';
import { PART_NAMES, type PartName } from './parts.ts';
import type { Order, Report } from './supervisor.ts';

const STOP_MS = 10_000;
/** kube-apiserver answers first what it was asked, which may take a minute. */
const TERM_MS = 90_000;
const POLL_MS = 20;
const LAB_TOOLS = [...PART_NAMES, 'kubectl', 'helm', 'helm3'] as const satisfies readonly ToolName[];

/** A running control plane with one played node, and a registry beside it; all on 127.0.0.1. */
export interface Lab {
  readonly dir: string;
  /** Path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  /** Path of a configuration file for an operator that reaches the registry of this lab. */
  readonly operatorConfig: string;
  /** https://127.0.0.1:<port> */
  readonly server: string;
  /** Bearer token of a user in system:masters. */
  readonly token: string;
  /** Path of the PEM file to trust for `server`. */
  readonly caFile: string;
  /** 127.0.0.1:<port>, plain HTTP. */
  readonly registry: string;
  /** http://127.0.0.1:<port>, what the API server keeps its objects in; see history.ts. */
  readonly etcd: string;
  /** Absolute paths of the tools by name; kubectl, helm and helm3 are among them. */
  readonly tools: Readonly<Record<string, string>>;
  /** Ends every program of the lab; resolves when they are gone. May be called again. */
  stop(): Promise<void>;
}

/** A lab that belongs to the calling program, whose programs can be put out of action one by one. */
export interface OwnLab extends Lab {
  /** SIGKILL and SIGTERM end a part, and resolve when it is gone; SIGSTOP makes it stand still until SIGCONT. */
  signal(part: PartName, signal: NodeJS.Signals): Promise<void>;
  /** Starts a part that has ended once more, with the state that it had, and further arguments; it is not waited for. */
  start(part: PartName, moreArgs?: readonly string[]): Promise<void>;
}

export interface LabOptions {
  /** Folder of the lab, made when needed: one lab at a time in a folder. A start throws away the state of the last. */
  readonly dir: string;
  readonly progress?: Progress;
  /** Arguments to add behind a part's own, for tests that need another server. */
  readonly extraArgs?: LabSpec['extraArgs'];
}

/**
 * Starts a lab that belongs to the calling program: it ends with it, even by kill -9. Rejects with the part that failed and the end of its log,
 * or when a lab runs in the folder.
 */
export async function startLab(options: LabOptions): Promise<OwnLab> {
  const { lab, launched } = await start(options, 'owned');
  if (launched === undefined) throw new Error(`a lab is running in ${lab.dir} already; stop it first`);
  return { ...lab, signal: (part, by) => signalPart(layoutOf(lab.dir), part, by), start: (part, moreArgs = []) => restart(launched.supervisor, part, moreArgs) };
}

/** Starts a lab that stays until stopLab; one that runs in the folder is left alone and returned. */
export async function startBackgroundLab(options: LabOptions): Promise<Lab> {
  return (await start(options, 'background')).lab;
}

/** Ends the lab of a folder and whatever a killed one has left of itself there; resolves when all is gone. */
export async function stopLab(dir: string): Promise<void> {
  const at = layoutOf(dir);
  const pids = readPids(at);
  if (pids !== undefined) await endAll(pids);
  rmSync(at.lab, { force: true });
  rmSync(at.pids, { force: true });
}

/** The lab that is running in a folder and whole; undefined when there is none. */
export function runningLab(dir: string): Lab | undefined {
  const at = layoutOf(dir);
  const pids = readPids(at);
  if (pids === undefined || !existsSync(at.lab)) return undefined;
  if (![pids.supervisor, ...Object.values(pids.parts)].every(isRunning)) return undefined;
  const { tools, ...connection } = JSON.parse(readFileSync(at.lab, 'utf8')) as Connection & Pick<Lab, 'tools'>; // ours, written by supervisor.ts
  return labOf(at, connection, tools, () => stopLab(dir));
}

/** The lab of a folder: one that runs already, or one that is launched now. */
async function start(options: LabOptions, mode: LabSpec['mode']): Promise<{ readonly lab: Lab; readonly launched: Launched | undefined }> {
  const at = layoutOf(options.dir);
  const progress = options.progress ?? SILENT;
  const tools = await ensureTools(LAB_TOOLS, { progress });
  mkdirSync(at.dir, { recursive: true, mode: 0o700 });
  return withLock(at.lock, async () => {
    const running = runningLab(at.dir);
    if (running !== undefined) return { lab: running, launched: undefined };
    await stopLab(at.dir); // a killed lab's remains
    const spec: LabSpec = { dir: at.dir, mode, tools, extraArgs: options.extraArgs ?? {} };
    const launched = await progress.during('starting the lab', () => launch(spec, at));
    return { lab: labOf(at, launched.connection, tools, () => stopOwn(launched, at)), launched };
  });
}

function labOf(at: Layout, connection: Connection, tools: Lab['tools'], stop: () => Promise<void>): Lab {
  return { dir: at.dir, kubeconfig: at.kubeconfig, operatorConfig: at.operatorConfig, caFile: at.ca, ...connection, tools, stop };
}

async function signalPart(at: Layout, part: PartName, by: NodeJS.Signals): Promise<void> {
  const pid = readPids(at)?.parts[part];
  if (pid === undefined) throw new Error(`the lab in ${at.dir} has no ${part}`);
  signal(pid, by);
  const withinMs = by === 'SIGTERM' ? TERM_MS : STOP_MS;
  const isToEnd = by === 'SIGKILL' || by === 'SIGTERM';
  if (isToEnd && !(await gone([pid], withinMs))) throw new Error(`${part} did not end within ${withinMs / 1000} s of ${by}`);
}

function restart(supervisor: Launched['supervisor'], part: PartName, moreArgs: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    supervisor.once('message', (report: Report) => {
      if (report.kind === 'failed') reject(new Error(`cannot start ${part}: ${report.reason}`));
      else resolve();
    });
    supervisor.send({ restart: part, moreArgs } satisfies Order);
  });
}

/** Like stopLab, but only of this very lab: the folder may hold a later one by now. */
async function stopOwn({ supervisor }: Launched, at: Layout): Promise<void> {
  const pids = readPids(at);
  if (pids?.supervisor.pid === supervisor.pid && supervisor.exitCode === null) await stopLab(at.dir);
}

async function endAll(pids: PidFile): Promise<void> {
  signal(pids.supervisor, 'SIGTERM'); // it ends its parts itself and reaps them
  await gone([pids.supervisor], STOP_MS);
  const left = [pids.supervisor, ...Object.values(pids.parts)];
  for (const pid of left) signal(pid, 'SIGKILL');
  if (!(await gone(left, STOP_MS)))
    throw new Error(
      `cannot stop the lab: pids ${left
        .filter(isRunning)
        .map(({ pid }) => pid)
        .join(', ')} outlived SIGKILL`,
    );
}

async function gone(pids: readonly Pid[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (pids.some(isRunning)) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

function readPids(at: Layout): PidFile | undefined {
  // Ours, written whole by children.ts.
  return existsSync(at.pids) ? (JSON.parse(readFileSync(at.pids, 'utf8')) as PidFile) : undefined;
}
