import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { FloorReply, FloorRequest } from './floor.ts';

/** The floor's process, seen from the bench. */
export class FloorProcess {
  readonly #child: ChildProcess = fork(path.join(import.meta.dirname, 'floor.ts'), { execArgv: [] });

  /** Seconds of the writes. Rejects with what went wrong, or when the process has ended. */
  async ask(request: FloorRequest): Promise<number> {
    const ended = new AbortController();
    const replied = once(this.#child, 'message', { signal: ended.signal }) as Promise<[FloorReply]>; // floor.ts sends nothing else
    const onExit = (code: number | null) => ended.abort(new Error(`the floor's process ended with ${code ?? 'a signal'}`));
    this.#child.once('exit', onExit);
    this.#child.send(request);
    const [reply] = await replied.catch(() => Promise.reject(ended.signal.reason));
    this.#child.removeListener('exit', onExit);
    if (reply.kind === 'Failed') throw new Error(`the floor failed: ${reply.message}`);
    return reply.seconds;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
