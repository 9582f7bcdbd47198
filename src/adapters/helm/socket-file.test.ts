import { chmod, lstat, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOn, SocketFileError } from './socket-file.ts';

let folder: string;
let path: string;
const servers: Server[] = [];

const serve = async (): Promise<() => Promise<void>> => {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  return await listenOn(server, path);
};

const end = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** Leaves what a renderer leaves that was killed: a socket that nobody listens at. */
const leaveStale = async (): Promise<void> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve));
  await rename(`${path}.old`, path);
  await end(server);
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'socket-'));
  path = join(folder, 's');
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map(end));
  await rm(folder, { recursive: true });
});

describe('listenOn', () => {
  it('makes a socket that owner and group may use', async () => {
    await serve();
    expect((await lstat(path)).isSocket()).toBe(true);
    expect((await lstat(path)).mode & 0o777).toBe(0o660);
  });

  it('replaces the socket of a dead renderer', async () => {
    await leaveStale();
    expect((await lstat(path)).isSocket()).toBe(true);
    await serve();
    await expect(serve()).rejects.toThrow('another renderer does already');
  });

  it('refuses where a renderer is alive', async () => {
    await serve();
    await expect(serve()).rejects.toBeInstanceOf(SocketFileError);
  });

  it('refuses to replace what is no socket', async () => {
    await writeFile(path, 'mine');
    await expect(serve()).rejects.toThrow('there is a file that is no socket');
  });

  it('says what is wrong with a folder that is not there', async () => {
    path = join(folder, 'none', 's');
    await expect(serve()).rejects.toThrow(/cannot serve at .*the folder must exist/);
  });

  it('takes its socket away, and not that of another', async () => {
    const remove = await serve();
    await rm(path);
    await writeFile(path, 'another');
    await chmod(path, 0o600);
    await remove();
    expect((await lstat(path)).isFile()).toBe(true);
    await rm(path);
    const removeAgain = await serve();
    await removeAgain();
    await expect(lstat(path)).rejects.toThrow('ENOENT');
  });
});
