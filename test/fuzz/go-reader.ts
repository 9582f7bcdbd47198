import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What Helm's loader, above Go's archive/tar, makes of an archive: sha256 by name, in its order, or why it refuses it. */
export type GoReading = { readonly kind: 'Tree'; readonly files: readonly (readonly [string, string])[] } | { readonly kind: 'Refused'; readonly why: string };

/** One archive-tree process (helm-engine/testdata), asked over a pipe: many archives may be on their way at once. */
export class GoReader implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: PromiseWithResolvers<GoReading>[] = [];

  constructor(program: string) {
    this.#child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const fail = (error: Error): void => this.#waiting.splice(0).forEach(({ reject }) => void reject(error));
    this.#child.once('error', (error) => fail(new Error(`cannot start ${program}: ${error.message}; make .build/archive-tree builds it`)));
    this.#child.once('close', (code) => fail(new Error(`archive-tree ended with ${code}`)));
    // Its end is told by close.
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(readingOf(line)));
  }

  read(archive: Uint8Array): Promise<GoReading> {
    const answer = Promise.withResolvers<GoReading>();
    this.#waiting.push(answer);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(archive.length);
    this.#child.stdin.write(length);
    this.#child.stdin.write(archive);
    return answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin.end();
    await closed;
  }
}

const readingOf = (line: string): GoReading => {
  const { error, files = [] } = JSON.parse(line) as { readonly error?: string; readonly files?: readonly (readonly [string, string])[] }; // our own program's form
  if (error !== undefined) return { kind: 'Refused', why: error };
  return { kind: 'Tree', files: files.map(([name, sum]) => [Buffer.from(name, 'base64').toString('latin1'), sum]) };
};
