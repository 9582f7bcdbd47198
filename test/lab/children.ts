import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { identify, ownPid, type Pid } from '../tools/pid.ts';
import { type Layout, logOf } from './layout.ts';

const LOG_LINES = 12;

/** What pids.json holds. */
export interface PidFile {
  readonly supervisor: Pid;
  readonly parts: Readonly<Record<string, Pid>>;
}

/** A part ended while it was wanted. `portTaken` tells that other ports may do. */
export class PartEnded extends Error {
  readonly portTaken: boolean;

  constructor(message: string, portTaken: boolean) {
    super(message);
    this.portTaken = portTaken;
  }
}

/** The programs of one lab, children of the supervisor. */
export class Children {
  readonly #at: Layout;
  readonly #running = new Map<string, ChildProcess>();
  readonly #pids: Record<string, Pid> = {};
  readonly #shield = deathSignal();
  #closed = false;
  #fail: (error: PartEnded) => void = () => undefined;

  constructor(at: Layout) {
    this.#at = at;
    this.#record();
  }

  /** Rejects with PartEnded when a part ends that was not told to. */
  ended(): Promise<never> {
    const ended = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    ended.catch(() => undefined);
    return ended;
  }

  /** Starts a part with its output in its log file, and records its pid. */
  start(name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>>): void {
    if (this.#closed) throw new Error(`the lab is stopping: ${name} not started`);
    const log = openSync(logOf(this.#at, name), 'w');
    const [program = command, ...rest] = [...this.#shield, command, ...args];
    const child = spawn(program, rest, {
      cwd: this.#at.state,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#running.set(name, child);
    child.once('error', (error) => this.#over(name, error.message));
    child.once('exit', (code, signal) => this.#over(name, code === null ? `killed by ${signal}` : `exit code ${code}`));
    const pid = child.pid === undefined ? undefined : identify(child.pid);
    if (pid !== undefined) this.#pids[name] = pid;
    this.#record();
  }

  /** Kills all parts and resolves when they are gone. Not asked politely: nothing of a lab is kept. */
  async killAll(): Promise<void> {
    const children = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(children.map(kill));
  }

  /** Kills all parts for good: none can be started any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.killAll();
  }

  #over(name: string, how: string): void {
    if (!this.#running.delete(name)) return;
    const log = readFileSync(logOf(this.#at, name), 'utf8');
    const message = `${name} ended (${how}); the end of ${logOf(this.#at, name)}:\n${lastLines(log)}`;
    this.#fail(new PartEnded(message, /address already in use/.test(log)));
    console.error(message);
  }

  #record(): void {
    const content: PidFile = { supervisor: ownPid(), parts: this.#pids };
    writeFileSync(`${this.#at.pids}.new`, JSON.stringify(content, null, 1));
    renameSync(`${this.#at.pids}.new`, this.#at.pids);
  }
}

/** Words to put before a command so that the kernel kills it when the supervisor dies; none where that can't be had. */
function deathSignal(): readonly string[] {
  const shield = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const [program = '', ...args] = shield;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? shield : [];
}

function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function lastLines(log: string): string {
  return log
    .trimEnd()
    .split('\n')
    .slice(-LOG_LINES)
    .map((line) => `  ${line}`)
    .join('\n');
}
