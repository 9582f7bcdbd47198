import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { identify, isRunning, type Pid, signal } from '../tools/pid.ts';
import type { PidFile } from './children.ts';
import { runningLab, startBackgroundLab, startLab, stopLab } from './lab.ts';
import { layoutOf } from './layout.ts';
import { helm, kubectl } from './run.ts';

const LAB_MS = 60_000;
const GONE = { timeout: 15_000, interval: 50 };

let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lab-'));
});

afterEach(async () => {
  await stopLab(dir);
  rmSync(dir, { recursive: true, force: true });
}, LAB_MS);

describe('a lab that the caller owns', () => {
  test('runs Deployments and Jobs, serves helm and a registry, goes on without a part that was ended, and leaves no program behind', { timeout: 2 * LAB_MS }, async () => {
    const lab = await startLab({ dir });
    const pids = pidsOf(dir);
    expect(pids).toHaveLength(7);

    await kubectl(lab, ['create', 'deployment', 'web', '--image=none', '--replicas=1']);
    await kubectl(lab, ['create', 'job', 'once', '--image=none']);
    await kubectl(lab, ['wait', 'deployment/web', '--for=condition=Available', '--timeout=20s']);
    await kubectl(lab, ['wait', 'job/once', '--for=condition=Complete', '--timeout=20s']);
    expect((await helm(lab, ['list', '--output=json'])).stdout.trim()).toBe('[]');
    expect((await fetch(`http://${lab.registry}/v2/`)).status).toBe(200);
    await expect(kubectl(lab, ['get', 'pod', 'absent'])).rejects.toThrow('kubectl get pod absent: exit code 1: Error from server (NotFound): pods "absent" not found');

    await expect(startLab({ dir })).rejects.toThrow('already');

    const isReady = () => kubectl(lab, ['get', 'namespace', 'default', '--request-timeout=2s']);
    await lab.signal('kube-apiserver', 'SIGKILL');
    await expect(isReady()).rejects.toThrow('refused');
    await expect(lab.start('registry')).rejects.toThrow('registry is running');
    await lab.start('kube-apiserver');
    await vi.waitFor(isReady, { timeout: 30_000, interval: 200 });
    await lab.signal('etcd', 'SIGSTOP');
    await expect(isReady()).rejects.toThrow();
    await lab.signal('etcd', 'SIGCONT');
    await vi.waitFor(isReady, { timeout: 30_000, interval: 200 });

    const left = [...pids, ...pidsOf(dir)];
    await lab.stop();
    expect(left.filter(isRunning)).toEqual([]);
    expect(runningLab(dir)).toBeUndefined();
    await lab.stop();
  });

  test('ends with an owner that is killed', { timeout: LAB_MS }, async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), 'run', dir], { stdio: 'ignore' });
    await vi.waitFor(() => expect(runningLab(dir)).toBeDefined(), { timeout: LAB_MS, interval: 50 });
    const pids = pidsOf(dir);
    owner.kill('SIGKILL');
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), GONE);
  });

  test('ends with an owner that is killed while it starts', { timeout: LAB_MS }, async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), 'run', dir], { stdio: 'ignore' });
    const pids = await vi.waitFor(
      () => {
        expect(pidsOf(dir).length).toBeGreaterThan(2);
        return pidsOf(dir);
      },
      { timeout: LAB_MS, interval: 20 },
    );
    owner.kill('SIGKILL');
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), GONE);
  });

  test('says which part did not start, with the end of its log', { timeout: LAB_MS }, async () => {
    await expect(startLab({ dir, extraArgs: { 'kube-apiserver': ['--no-such-flag'] } })).rejects.toThrow(/kube-apiserver ended \(exit code 1\).*unknown flag: --no-such-flag/s);
    await vi.waitFor(() => expect(pidsOf(dir)).toEqual([]), GONE);
  });
});

describe('a background lab', () => {
  test('is left alone by a second start, cleared away by the next when its supervisor was killed, and ends with stopLab', { timeout: 2 * LAB_MS }, async () => {
    const [one, two] = await Promise.all([startBackgroundLab({ dir }), startBackgroundLab({ dir })]);
    expect(two.server).toBe(one.server);
    const { supervisor, parts } = pidFile(dir);
    signal(supervisor, 'SIGKILL');
    await vi.waitFor(() => expect(identify(supervisor.pid)).toBeUndefined(), GONE);
    expect(runningLab(dir)).toBeUndefined();
    await startBackgroundLab({ dir });
    expect(Object.values(parts).filter(isRunning)).toEqual([]);
    const pids = pidsOf(dir);
    expect(pids).toHaveLength(7);
    await stopLab(dir);
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

function pidFile(labDir: string): PidFile {
  return JSON.parse(readFileSync(layoutOf(labDir).pids, 'utf8'));
}

/** All programs of the lab in a folder; none when there is no lab. */
function pidsOf(labDir: string): readonly Pid[] {
  try {
    const { supervisor, parts } = pidFile(labDir);
    return [supervisor, ...Object.values(parts)];
  } catch {
    return [];
  }
}
