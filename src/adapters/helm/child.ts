import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../ports/clock.ts';
import { type Frame, FrameDecoder, REPLY_LIMIT } from './frames.ts';
import { LastWords } from './last-words.ts';

/** How an engine is started; it gets these variables and none of ours. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface ChildListener {
  onFrame(frame: Frame): void;
  /** A line on stderr, cut to a bearable length. */
  onLine(line: string): void;
  /** Called once, when it has ended and all that it wrote was read. */
  onGone(end: End): void;
}

/** How a child ended. */
export interface End {
  readonly why: string;
  /** Exit code; null when a signal ended it or it never started. */
  readonly code: number | null;
  /** Whether this side killed it. */
  readonly wasKilled: boolean;
  readonly lastLines: readonly string[];
}

// A grandchild may hold the pipes open after the child has ended: they are not waited for any longer than this.
const DRAIN_MS = 500;

/** A child that speaks frames over stdin and stdout. However it ends, that is one call of `onGone` and never an error event. */
export class Child {
  readonly #child: ChildProcess;
  readonly #listener: ChildListener;
  readonly #decoder = new FrameDecoder(REPLY_LIMIT);
  readonly #words = new LastWords();
  #why: string | undefined;
  #isGone = false;

  /** Throws when the launch itself makes no sense; a command that is not there is a child that ends. */
  constructor(launch: Launch, listener: ChildListener, clock: Clock) {
    this.#listener = listener;
    this.#child = spawn(launch.command, launch.args, { env: launch.environment, stdio: 'pipe', windowsHide: true });
    this.#readPipes();
    this.#watchEnd(launch, clock);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Writes the pieces of a frame; they must not change afterwards. */
  send(pieces: readonly Uint8Array[]): void {
    const { stdin } = this.#child;
    if (!stdin?.writable) return;
    stdin.cork();
    for (const piece of pieces) stdin.write(piece);
    stdin.uncork();
  }

  /** Closes stdin, which asks it to end. */
  end(): void {
    this.#child.stdin?.end();
  }

  /** SIGKILL; the first reason given is the one that `onGone` tells. */
  kill(why: string): void {
    this.#why ??= why;
    this.#child.kill('SIGKILL');
  }

  // The pipes are missing when the system had no file descriptors left for them.
  #readPipes(): void {
    const { stdin, stdout, stderr } = this.#child as Partial<ChildProcess>;
    // A pipe breaks because the child ends, which says more; one that lives on without reading meets the time limit.
    for (const pipe of [stdin, stdout, stderr]) pipe?.on('error', () => undefined);
    stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
    stderr?.on('data', (chunk: Buffer) => this.#hear(chunk));
  }

  #hear(chunk: Buffer): void {
    for (const line of this.#words.push(chunk)) this.#listener.onLine(line);
  }

  #receive(chunk: Buffer): void {
    if (this.#why !== undefined) return;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#listener.onFrame(frame);
    } catch (error) {
      this.kill(`sent what is no frame: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #watchEnd(launch: Launch, clock: Clock): void {
    let cancel = (): void => undefined;
    this.#child.on('error', (error) => {
      if (this.#child.pid === undefined) this.#leave(`${launch.command} cannot be started: ${error.message}`, null);
    });
    this.#child.on('exit', () => {
      cancel = clock.after(DRAIN_MS, () => this.#dropPipes());
    });
    this.#child.on('close', (code, signal) => {
      cancel();
      this.#leave(this.#why ?? (signal === null ? `exited with ${code}` : `was ended by ${signal}`), code);
    });
  }

  #dropPipes(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  #leave(why: string, code: number | null): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const { summary, lines } = this.#words;
    this.#listener.onGone({ why: summary === '' ? why : `${why}: ${summary}`, code, wasKilled: this.#why !== undefined, lastLines: lines });
  }
}
