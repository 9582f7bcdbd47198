import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Lab } from './lab.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const ENGINE = path.join(ROOT, '.build/helm-engine');
const READY_MS = 90_000;
const STOP_MS = 10_000;
const KEPT_LINES = 2_000;
/** Any port that is free: there may be several operators, and a real one beside them. */
const LISTEN = ['--metrics-addr', '127.0.0.1:0', '--health-addr', '127.0.0.1:0'];

/** An operator that runs from the working tree against a lab; it ends with the program that started it. */
export interface Operator {
  readonly pid: number;
  /** What it has logged last, a JSON document a line. */
  log(): readonly string[];
  /** Where it serves `/metrics`, or `/healthz` and `/readyz`, as a URL without a path; each operator has ports of its own. */
  url(of: 'metrics' | 'probes'): string;
  /** Its exit code, when it has ended; null where a signal has ended it. */
  readonly ended: Promise<number | null>;
  /** Stops it in its tracks, and lets it go on. */
  freeze(): void;
  thaw(): void;
  /** SIGTERM, and SIGKILL when that is not enough; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface OperatorOptions {
  /** Namespaces whose ChartReleases it looks at; all when absent. */
  readonly namespaces?: readonly string[];
  readonly args?: readonly string[];
  /** Flags of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Further environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program: that of the working tree when absent. */
  readonly program?: string;
}

/** Starts an operator and resolves when its watches are in. Rejects with the end of its log when it ends before that. */
export const startOperator = async (lab: Pick<Lab, 'kubeconfig' | 'operatorConfig'>, options: OperatorOptions = {}): Promise<Operator> => {
  const { operator, ready } = launchOperator(lab, options);
  await ready;
  return operator;
};

/** The same for who may want to end it before that; `ready` then rejects. */
export const launchOperator = (lab: Pick<Lab, 'kubeconfig' | 'operatorConfig'>, options: OperatorOptions = {}): { readonly operator: Operator; readonly ready: Promise<void> } => {
  if (!existsSync(ENGINE)) throw new Error('there is no .build/helm-engine; run make build');
  const args = ['--kubeconfig', lab.kubeconfig, '--config', lab.operatorConfig, '--helm-engine', ENGINE, ...LISTEN, ...(options.args ?? [])];
  if (options.namespaces !== undefined) args.push('--watch-namespaces', options.namespaces.join(','));
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), options.program ?? path.join(ROOT, 'src/main/operator.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const lines: string[] = [];
  const urls = new Map<string, string>();
  keepLines(child, lines);
  child.on('lines', () => keepUrls(lines, urls));
  const ended = once(child, 'exit').then(([code]) => code as number | null); // as Node has it
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const operator: Operator = {
    pid: child.pid ?? 0,
    log: () => [...lines],
    url: (of) => urls.get(of) ?? '',
    ended,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    stop: () => end(child, ended, 'SIGTERM', killWithUs),
    kill: () => end(child, ended, 'SIGKILL', killWithUs),
  };
  return { operator, ready: ready(child, lines, operator) };
};

const keepLines = (child: ChildProcess, lines: string[]): void => {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      lines.splice(0, lines.length - KEPT_LINES);
      child.emit('lines');
    });
  }
};

const SERVING = /"address":"(?<address>[^"]+)","msg":"serving (?<what>\w+)"/;

/** Before the lines are dropped that say them. */
const keepUrls = (lines: readonly string[], urls: Map<string, string>): void => {
  if (urls.size === 2) return;
  for (const line of lines) {
    const { address, what } = SERVING.exec(line)?.groups ?? {};
    if (address !== undefined && what !== undefined) urls.set(what, `http://${address}`);
  }
};

const ready = (child: ChildProcess, lines: readonly string[], operator: Operator): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the operator ${why}; its last lines:\n${lines.slice(-10).join('\n')}`));
    const timer = setTimeout(() => {
      void operator.kill();
      fail(`was not ready after ${READY_MS / 1000} s`);
    }, READY_MS);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${signal ?? `exit code ${code}`} before it was ready`);
    });
    child.on('lines', () => {
      if (!lines.some((line) => line.includes('"msg":"ready"'))) return;
      clearTimeout(timer);
      resolve();
    });
  });

const end = async (child: ChildProcess, ended: Promise<unknown>, signal: NodeJS.Signals, killWithUs: () => void): Promise<void> => {
  process.removeListener('exit', killWithUs);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
};
