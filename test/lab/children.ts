import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { identify, isRunning, ownPid, type Pid } from '../tools/pid.ts';
import { type Layout, logOf } from './layout.ts';

const LOG_LINES = 12;

/** What pids.json holds. */
export interface PidFile {
  readonly supervisor: Pid;
  readonly parts: Readonly<Record<string, Pid>>;
}

/** How a part is started. */
interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
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
  readonly #commands = new Map<string, Command>();
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
  start(name: string, command: Command): void {
    this.#commands.set(name, command);
    this.#spawn(name, command, 'w');
  }

  /** Starts a part that has ended once more, as it was started, with further arguments; its log goes on. */
  async restart(name: string, moreArgs: readonly string[]): Promise<void> {
    const [command, pid, before] = [this.#commands.get(name), this.#pids[name], this.#running.get(name)];
    if (command === undefined) throw new Error(`${name} was never started`);
    if (pid !== undefined && isRunning(pid)) throw new Error(`${name} is running`);
    if (before !== undefined) await once(before, 'exit'); // it is gone, and we have not heard of it yet
    this.#spawn(name, { ...command, args: [...command.args, ...moreArgs] }, 'a');
  }

  #spawn(name: string, command: Command, mode: 'w' | 'a'): void {
    if (this.#closed) throw new Error(`the lab is stopping: ${name} not started`);
    const log = openSync(logOf(this.#at, name), mode);
    const [program = command.program, ...rest] = [...this.#shield, command.program, ...command.args];
    const child = spawn(program, rest, {
      cwd: this.#at.state,
      env: { ...process.env, ...command.env },
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
