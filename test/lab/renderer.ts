import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** A renderer behind a socket, as in a container of its own; it ends with the program that started it. */
export interface RendererProgram {
  readonly pid: number;
  /** What it has written, as it came. */
  log(): string;
  send(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGTERM, or SIGKILL; resolves when it is gone. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface RendererProgramOptions {
  readonly socket: string;
  /** The program: that of the working tree when absent. */
  readonly program?: string;
  readonly engine?: string;
  /** Flags besides those of socket and engine. */
  readonly args?: readonly string[];
}

/** Starts a renderer. It serves some time later, or never: whoever asks will see. */
export const startRenderer = ({ socket, program, engine, args = [] }: RendererProgramOptions): RendererProgram => {
  const flags = ['--socket', socket, '--helm-engine', engine ?? path.join(ROOT, '.build/helm-engine'), '--engines', '1', ...args];
  const child = spawn(process.execPath, [program ?? path.join(ROOT, 'src/main/renderer.ts'), ...flags], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
    });
  }
  return {
    pid: child.pid ?? 0,
    log: () => log,
    send: (signal) => child.kill(signal),
    end: async (signal = 'SIGTERM') => {
      process.removeListener('exit', killWithUs);
      await ended(child, signal);
    },
  };
};

const ended = async (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
};
