import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contractRequest } from '../../../test/fakes/engine-contract.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { type SocketLimits, SocketRenderer } from './socket-renderer.ts';

const engine = process.env['TAGALONG_ENGINE'] ?? '';
const PROGRAM = join(import.meta.dirname, '../../main/renderer.ts');

const logger = new RecordingLogger();

const clock = realClock(1, () => 0.5);

let folder: string;
let path: string;
const children: ChildProcess[] = [];
const renderers: SocketRenderer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'renderer-'));
  path = join(folder, 's');
});

afterEach(async () => {
  await Promise.all(renderers.splice(0).map((renderer) => renderer.close()));
  await Promise.all(children.splice(0).map((child) => end(child, 'SIGKILL')));
  await rm(folder, { recursive: true });
});

const start = (): ChildProcess => {
  const child = spawn(process.execPath, [PROGRAM, '--socket', path, '--helm-engine', engine, '--engines', '2'], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  return child;
};

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
};

const open = (limits: Partial<SocketLimits> = {}): SocketRenderer => {
  const renderer = new SocketRenderer({ path, clock, logger, limits });
  renderers.push(renderer);
  return renderer;
};

const render = (renderer: SocketRenderer, name: string) =>
  renderer
    .render(contractRequest({ release: { name, namespace: 'shop', revision: 1, action: 'install' } }), new AbortController().signal)
    .then(({ objects }) => objects[0]?.name ?? '')
    .catch(({ code }) => String(code));

describe.skipIf(engine === '')('an operator beside a renderer', () => {
  it('renders as soon as the renderer is there, and while it is not says so', async () => {
    const renderer = open();
    expect(await render(renderer, 'early')).toBe('Unavailable');
    start();
    await expect.poll(() => render(renderer, 'late'), { timeout: 30_000 }).toBe('late');
  });

  it('loses no request for ever when the renderer is killed under load and comes back', async () => {
    const renderer = open({ patienceMs: 20_000 });
    const first = start();
    expect(await render(renderer, 'one')).toBe('one');
    const names = Array.from({ length: 300 }, (_, index) => `r${index}`);
    const rendering = names.map((name) => render(renderer, name));
    await rendering[50];
    await end(first, 'SIGKILL');
    start();
    const ends = await Promise.all(rendering);
    expect(ends.filter((one, index) => one !== names[index] && one !== 'Unavailable')).toEqual([]);
    expect(await Promise.all(names.map((name) => render(renderer, name)))).toEqual(names);
  });

  it('gives up on a renderer that hangs, and works on when it goes on', async () => {
    const renderer = open({ replyMs: 1_000, helloMs: 1_000 });
    const child = start();
    await expect.poll(() => render(renderer, 'one'), { timeout: 30_000 }).toBe('one');
    child.kill('SIGSTOP');
    expect(await render(renderer, 'two')).toBe('Unavailable');
    await expect.poll(() => renderer.isUp).toBe(false);
    child.kill('SIGCONT');
    await expect.poll(() => render(renderer, 'three'), { timeout: 30_000 }).toBe('three');
  });

  it('finds no second renderer at the same socket, and none when the first was asked to end', async () => {
    const renderer = open({ patienceMs: 30_000 });
    const first = start();
    expect(await render(renderer, 'one')).toBe('one');
    const second = start();
    const said = second.stderr === null ? '' : await text(second.stderr);
    expect(said).toContain(`cannot serve at ${path}: another renderer does already`);
    first.kill('SIGTERM');
    await expect.poll(() => first.exitCode, { timeout: 10_000 }).toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});
