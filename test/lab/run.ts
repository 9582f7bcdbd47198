import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { layoutOf } from './layout.ts';

const RUN_MS = 60_000;

/** What the tools need of a lab. */
export type LabAccess = Pick<Lab, 'dir' | 'kubeconfig' | 'tools'>;

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Written to the program's stdin. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** Runs kubectl against the lab; rejects with the command line and what it wrote to stderr. */
export function kubectl(lab: LabAccess, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  return runTool(lab, 'kubectl', args, options);
}

/** Runs helm against the lab with homes of its own; rejects with the command line and what it wrote to stderr. */
export function helm(lab: LabAccess, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  return runTool(lab, 'helm', args, options);
}

/** The same with Helm 3. */
export function helm3(lab: LabAccess, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  return runTool(lab, 'helm3', args, options);
}

function runTool(lab: LabAccess, name: string, args: readonly string[], options: RunOptions): Promise<Output> {
  const program = lab.tools[name];
  if (program === undefined) throw new Error(`the lab has no ${name}`);
  const child = spawn(program, args, {
    env: { ...process.env, ...envOf(lab) },
    stdio: 'pipe',
    // A command that waits for what never comes must not outlive the test that gave up on it.
    timeout: RUN_MS,
    killSignal: 'SIGKILL',
    ...(options.signal && { signal: options.signal }),
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  child.stdin.on('error', () => undefined); // it may end without reading; its exit code tells
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve({ stdout: stdout(), stderr: stderr() });
      else reject(new Error(`${name} ${args.join(' ')}: ${signal ?? `exit code ${code}`}: ${stderr().trim()}`));
    });
  });
}

function envOf(lab: LabAccess): Readonly<Record<string, string>> {
  const { clients } = layoutOf(lab.dir);
  return {
    KUBECONFIG: lab.kubeconfig,
    KUBECACHEDIR: join(clients, 'kubectl'),
    HELM_CACHE_HOME: join(clients, 'helm-cache'),
    HELM_CONFIG_HOME: join(clients, 'helm-config'),
    HELM_DATA_HOME: join(clients, 'helm-data'),
  };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
