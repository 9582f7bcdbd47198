import { chmod, lstat, rename, rm } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';

/** A socket cannot be served at this path. */
export class SocketFileError extends Error {
  override readonly name = 'SocketFileError';
}

// Owner and group: the operator has another uid and shares a group with the renderer.
const MODE = 0o660;

const ANSWER_MS = 1_000;

/**
 * Has the server listen on a Unix socket at `path`, whose folder must exist, and gives what takes it away again. A socket that
 * a dead renderer left there is replaced; one that is alive, or a file of another kind, is a SocketFileError.
 */
export const listenOn = async (server: Server, path: string): Promise<() => Promise<void>> => {
  await mustBeFree(path);
  const temporary = `${path}.${process.pid}`;
  await rm(temporary, { force: true });
  await listen(server, temporary, path);
  // Nobody can connect before the mode is right, and what was there is replaced in one step.
  await chmod(temporary, MODE);
  const { ino } = await lstat(temporary);
  await rename(temporary, path);
  return async () => {
    const present = await lstat(path).catch(() => undefined);
    if (present?.ino === ino) await rm(path, { force: true });
  };
};

const listen = (server: Server, temporary: string, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new SocketFileError(`cannot serve at ${path}: ${cause.message}; the folder must exist and the path be short (about 90 bytes)`, { cause })),
    );
    server.listen(temporary, resolve);
  });

const mustBeFree = async (path: string): Promise<void> => {
  const present = await lstat(path).catch(() => undefined);
  if (present === undefined) return;
  if (!present.isSocket()) throw new SocketFileError(`cannot serve at ${path}: there is a file that is no socket; choose another path or remove it`);
  if (await isAnswered(path)) throw new SocketFileError(`cannot serve at ${path}: another renderer does already`);
};

// One that accepts is alive, whatever it says; only a refusal shows that nobody listens.
const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createConnection({ path, timeout: ANSWER_MS });
    const tell = (isThere: boolean): void => {
      probe.destroy();
      resolve(isThere);
    };
    probe.once('connect', () => tell(true));
    probe.once('timeout', () => tell(true));
    probe.once('error', (error: NodeJS.ErrnoException) => tell(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
