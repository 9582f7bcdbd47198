import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RendererProgram, startRenderer } from '../lab/renderer.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** As it is shipped beside the operator. */
const BUNDLED = path.join(path.dirname(inject('operatorProgram')), 'renderer.mjs');

let folder: string;
let socket: string;
let site: Site;
let sidecar: RendererProgram | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sidecar-'));
  socket = path.join(folder, 's');
  site = await openSite('sidecar', { args: ['--renderer-socket', socket] });
});
afterAll(async () => {
  await site.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => sidecar?.end('SIGKILL'));

const start = (program = BUNDLED): void => {
  sidecar = startRenderer({ socket, program });
};

const readyz = async (): Promise<string> => (await fetch(`${site.operator.url('probes')}/readyz?verbose`)).text();
const healthz = async (): Promise<number> => (await fetch(`${site.operator.url('probes')}/healthz`)).status;
const gauge = async (): Promise<string | undefined> => /^tagalong_renderer_up (.*)$/m.exec(await (await fetch(`${site.operator.url('metrics')}/metrics`)).text())?.[1];

/** The operator says of itself that it can render; or that it cannot, with these words, and lives on. */
const operatorSays = async (isUp: boolean, words = ''): Promise<void> => {
  let last = '';
  await site.eventually(
    `the operator says that the sidecar is ${isUp ? 'there' : 'away'}`,
    async () => {
      last = await readyz();
      return last.includes(isUp ? '[+]helm-engine ok' : '[-]helm-engine failed: ') && last.includes(words) && (await gauge()) === (isUp ? '1' : '0');
    },
    () => `/readyz says\n${last}`,
  );
  expect(await healthz()).toBe(200);
};

/** A release that runs revision 1 of a chart of its own. */
const running = async (name: string): Promise<void> => {
  await site.pushSmall(name, 'stable', '1.0.0');
  await site.release(name, { chart: site.reference(name, 'stable') });
  await site.ready(name, 1);
};

const moveTag = async (name: string, version: string): Promise<void> => {
  await site.pushSmall(name, 'stable', version);
  await site.lookNow(name);
};

/** What runs stays and stays Ready; that the new digest waits for the sidecar is said beside it, and when it is tried again. Returns the message. */
const isHeld = async (name: string): Promise<string> => {
  const status = await site.reaches(name, 'held by the sidecar', (seen) => conditionIn(seen, 'FetchFailed')?.reason === 'RendererUnavailable');
  expect(conditionIn(status, 'Ready')).toMatchObject({ status: 'True', message: expect.stringContaining('runs as revision 1') });
  expect(status).toMatchObject({ revision: 1, chart: { version: '1.0.0' }, failures: expect.any(Number), nextRetry: expect.any(String) });
  expect(status.history).toHaveLength(1);
  return conditionIn(status, 'FetchFailed')?.message ?? '';
};

/** Resolves when the release is not tried again within a minute by itself, which is longer than any wait of this test. */
const pauseGrows = async (name: string): Promise<void> => {
  for (let failures = 2; Date.parse((await site.seen(name))?.status?.nextRetry ?? '') < Date.now() + 60_000; failures += 1) {
    await site.lookNow(name);
    await site.reaches(name, `failure ${failures}`, (status) => (status.failures ?? 0) >= failures);
  }
};

const goesOn = async (name: string): Promise<void> => {
  const status = await site.ready(name, 2);
  expect(conditionIn(status, 'FetchFailed')).toBeUndefined();
  expect(status.failures).toBeUndefined();
};

/** The working tree, as another version of itself and with other words in its sources. */
const anotherVersion = async (version: string, file = '', words: readonly [string, string] = ['', '']): Promise<string> => {
  const tree = path.join(folder, version);
  await cp(path.join(ROOT, 'src'), path.join(tree, 'src'), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'));
  await writeFile(path.join(tree, 'package.json'), (await readFile(path.join(ROOT, 'package.json'), 'utf8')).replace(/"version": ".*"/, `"version": "${version}"`));
  if (file !== '') {
    const text = await readFile(path.join(tree, file), 'utf8');
    expect(text).toContain(words[0]);
    await writeFile(path.join(tree, file), text.replace(...words));
  }
  return path.join(tree, 'src/main/renderer.ts');
};

describe('an operator beside a sidecar that renders', () => {
  it('says that the sidecar is absent, and goes on by itself when it starts', async () => {
    await site.pushSmall('first', 'stable', '1.0.0');
    await site.release('first', { chart: site.reference('first', 'stable') });
    const message = await site.fails('first', 'RendererUnavailable');
    expect(message).toMatch(/^cannot render sha256:[0-9a-f]{64}: /);
    expect(message).toContain(`the renderer at ${socket} does not answer: is the sidecar container running? (connect ENOENT`);
    await operatorSays(false, `the renderer at ${socket} does not answer`);
    start();
    await site.ready('first', 1);
    await operatorSays(true);
  });

  it('is no reason that a release is not Ready whose objects somebody edits meanwhile, and what he did is said when it is back', async () => {
    start();
    await running('touched');
    await sidecar?.end('SIGKILL');
    await operatorSays(false);
    await site.kubectl(['patch', 'configmap', 'touched', '--type=merge', '--patch', '{"data":{"greeting":"edited"}}']);
    const looked = () =>
      site.reaches('touched', 'looked at', ({ lastHandledReconcileAt }, { metadata }) => lastHandledReconcileAt === metadata.annotations?.['tagalong.dev/reconcile-at']);
    await site.lookNow('touched');
    expect(conditionIn(await looked(), 'Ready')).toMatchObject({ status: 'True', reason: 'InstallSucceeded' });
    start();
    await operatorSays(true);
    await site.lookNow('touched');
    expect(conditionIn(await looked(), 'Drifted')?.message).toContain('/data/greeting');
  });

  it('keeps what runs when the sidecar is killed, and takes the new digest as soon as it is back, not when the pause is over', async () => {
    start();
    await running('killed');
    await sidecar?.end('SIGKILL');
    await moveTag('killed', '2.0.0');
    expect(await isHeld('killed')).toContain(`the renderer at ${socket} does not answer: is the sidecar container running? (connect ECONNREFUSED`);
    await operatorSays(false, socket);
    await pauseGrows('killed');
    start();
    await goesOn('killed');
  });

  it('says so in Ready when it is the spec that asks for another revision', async () => {
    start();
    await running('edited');
    await sidecar?.end('SIGKILL');
    await site.release('edited', { chart: site.reference('edited', 'stable'), values: { greeting: 'other' } });
    expect(await site.fails('edited', 'RendererUnavailable')).toContain(socket);
    expect((await site.seen('edited'))?.status).toMatchObject({ revision: 1 });
    start();
    await site.ready('edited', 2);
  });

  it('finds a sidecar that hangs, also when nothing is rendered, and goes on when it does', async () => {
    start();
    await running('hanging');
    await operatorSays(true);
    sidecar?.send('SIGSTOP');
    await operatorSays(false, `the renderer at ${socket} said nothing for 2000 ms`);
    await moveTag('hanging', '2.0.0');
    expect(await isHeld('hanging')).toContain(`the renderer at ${socket} said nothing for 2000 ms: see whether the sidecar container hangs`);
    sidecar?.send('SIGCONT');
    await goesOn('hanging');
    await operatorSays(true);
  });

  it('takes another version that speaks its protocol, and refuses one that does not by name', async () => {
    start();
    await running('replaced');
    await sidecar?.end();
    start(await anotherVersion('9.9.9', 'src/adapters/helm/socket-protocol.ts', ['SOCKET_PROTOCOL = 3', 'SOCKET_PROTOCOL = 4']));
    const refusal = `the renderer at ${socket} cannot be used: it is version "9.9.9" and speaks protocol 4, the operator protocol 3: run both from the same image`;
    await operatorSays(false, refusal);
    await moveTag('replaced', '2.0.0');
    expect(await isHeld('replaced')).toContain(refusal);
    await sidecar?.end();
    start(await anotherVersion('0.0.7'));
    await goesOn('replaced');
    await operatorSays(true);
    expect(site.operator.log().some((line) => line.includes('"version":"0.0.7"') && line.includes('the renderer answers'))).toBe(true);
  });

  it('has harmed nobody meanwhile', async () => {
    for (const name of ['first', 'edited', 'hanging']) expect(conditionIn((await site.seen(name))?.status ?? {}, 'Ready')?.status).toBe('True');
    expect((await site.seen('first'))?.status?.history).toHaveLength(1);
  });
});
