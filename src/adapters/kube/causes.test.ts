import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, type ScriptedServer, type SeenRequest, startScripted } from '../../../test/kube/scripted-server.ts';
import type { Scrutiny, Laggard } from '../../ports/causes.ts';
import { Api } from './api.ts';
import { KubeCauses } from './causes.ts';
import { Discovery } from './discovery.ts';
import { Transport } from './transport.ts';

type Fields = Readonly<Record<string, unknown>>;

const signal = new AbortController().signal;
const WATCHED: Scrutiny = { isWatched: true, lines: 1 };
/** A refusal counts when it has come from a server that has said that it is ready. */
const ASKS_WHEN_REFUSED = 2;
const LAST: Scrutiny = { isWatched: false, lines: 1 };
const laggard: Laggard = { ref: { apiVersion: 'v1', kind: 'Pod', namespace: 'prod', name: 'web' }, uid: 'uid-web', resourceVersion: '7', since: 0 };
const claim: Laggard = { ...laggard, ref: { ...laggard.ref, kind: 'PersistentVolumeClaim' } };

const pod = (resourceVersion: number, status: Fields) => ({ metadata: { name: 'web', namespace: 'prod', uid: 'uid-web', resourceVersion: String(resourceVersion) }, status });
const crashed = (code: number) => ({
  phase: 'Running',
  containerStatuses: [{ name: 'main', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: code } } }],
});
const unready = { phase: 'Running', containerStatuses: [{ name: 'main', ready: false, state: { running: {} } }] };

describe('KubeCauses', () => {
  const clock = new FakeClock(1_000_000);
  let server: ScriptedServer;
  let transport: Transport;
  let causes: KubeCauses;
  let woken: string[];
  let status: Fields;
  let events: readonly Fields[];
  let log: (response: ServerResponse) => void;
  let watch: ServerResponse | undefined;

  const asked = (what: RegExp) => server.seen.filter(({ url }) => what.test(url));
  const sorts = () => [asked(/\/pods\?(?!.*watch=true)/), asked(/watch=true/), asked(/\/events\?/), asked(/\/log\?/)].map(({ length }) => length);
  const text = async (scrutiny = WATCHED, of = laggard) => (await causes.of('prod/crel', of, scrutiny, signal))?.text;

  /** The kubelet says something else of the pod. */
  const change = async (resourceVersion: number, to: Fields) => {
    status = to;
    await vi.waitFor(() => expect(watch).toBeDefined());
    watch?.write(`${JSON.stringify({ type: 'MODIFIED', object: { apiVersion: 'v1', kind: 'Pod', ...pod(resourceVersion, to) } })}\n`);
  };

  const script = ({ url }: SeenRequest, response: ServerResponse) => {
    if (url.includes('watch=true')) {
      response.writeHead(200).flushHeaders();
      watch = response;
    } else if (url.includes('/log?')) log(response);
    else if (url.includes('/events?')) json(response, 200, { kind: 'EventList', metadata: {}, items: events });
    else json(response, 200, { kind: 'PodList', metadata: { resourceVersion: '10', continue: 'more' }, items: [pod(9, status)] });
  };

  beforeEach(async () => {
    server = await startScripted(script);
    transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock: new FakeClock() });
    const api = new Api(transport);
    woken = [];
    watch = undefined;
    events = [];
    status = crashed(1);
    log = (response) => response.end('begins\nends\n\n');
    causes = new KubeCauses({ api, discovery: new Discovery(api, clock), clock, logger: new RecordingLogger(), namespace: 'x', close: () => transport.close() }, (key) =>
      woken.push(key),
    );
  });

  afterEach(async () => {
    causes.forget('prod/crel');
    await vi.waitFor(() => expect(clock.pending).toBe(0));
    await transport.close();
    await server.close();
  });

  it('asks once for as long as nothing happens, and holds one watch', async () => {
    expect(await text()).toBe('container main exited with 1, CrashLoopBackOff; its log ends with: ends');
    for (let look = 0; look < 5; look += 1) {
      await clock.advance(5_000);
      expect(await text()).toBe('container main exited with 1, CrashLoopBackOff; its log ends with: ends');
    }
    await vi.waitFor(() => expect(sorts()).toEqual([1, 1, 0, 1]));
    expect(woken).toEqual([]);
  });

  it('wakes the release when a pod says something else, and not when it only tries again', async () => {
    await text();
    await clock.advance(5_000);
    await change(11, { ...crashed(1), message: undefined });
    await change(12, crashed(2));
    await vi.waitFor(async () => {
      await clock.advance(1);
      expect(woken).toEqual(['prod/crel']);
    });
    expect(await text()).toBe('container main exited with 2, CrashLoopBackOff; its log ends with: ends');
    expect(sorts()).toEqual([1, 1, 0, 2]);
  });

  it('asks at most once a second, and comes back', async () => {
    await text();
    await change(12, crashed(2));
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0));
    await vi.waitFor(async () => {
      expect(await text()).toContain('exited with 1');
      await clock.advance(100);
      expect(woken).toEqual(['prod/crel']);
    });
    expect(await text()).toContain('exited with 2');
    expect(sorts()).toEqual([1, 1, 0, 2]);
  });

  it('leaves Events alone at first, then asks for them after growing pauses', async () => {
    status = unready;
    expect(await text()).toBe('container main is not ready');
    await vi.waitFor(() => expect(sorts()).toEqual([1, 1, 0, 0]));
    events = [{ type: 'Warning', reason: 'Unhealthy', message: 'Readiness probe failed: 503', lastTimestamp: '2026-01-01T00:00:00Z' }];
    await clock.advance(2_000);
    expect(woken).toHaveLength(1);
    expect(await text()).toBe('container main is not ready: Readiness probe failed: 503');
    events = [];
    await clock.advance(100_000);
    expect(woken).toHaveLength(2);
    expect(await text()).toBe('container main is not ready: Readiness probe failed: 503');
    for (let look = 0; look < 20; look += 1) {
      await clock.advance(10_000);
      await text();
    }
    // Every 30 s at last.
    expect(sorts()[2]).toBeLessThan(12);
  });

  it('watches nothing after a last look, and wakes nobody', async () => {
    await text();
    expect(await text(LAST)).toContain('exited with 1');
    await vi.waitFor(() => expect(clock.pending).toBe(0));
    await vi.waitFor(() => expect(watch?.destroyed).toBe(true));
  });

  it('wakes nobody either about an earlier write that was looked into before', async () => {
    await text();
    await text(LAST, { ...laggard, resourceVersion: '8' });
    await clock.advance(10 * 60_000);
    expect(woken).toEqual([]);
  });

  it('watches nothing once waiting cannot help', async () => {
    status = { phase: 'Pending', containerStatuses: [{ name: 'main', state: { waiting: { reason: 'InvalidImageName', message: 'invalid reference format' } } }] };
    expect(await text()).toBe('container main: InvalidImageName: invalid reference format');
    await vi.waitFor(() => expect(clock.pending).toBe(0));
    expect(woken).toEqual([]);
  });

  it('lists the pods for a last look where nothing is watched, and asks for Events at once', async () => {
    status = unready;
    await text(LAST);
    expect(sorts()).toEqual([1, 0, 1, 0]);
    await text(LAST);
    expect(sorts()).toEqual([2, 0, 1, 0]);
  });

  it('reads the log anew for more lines', async () => {
    await text();
    expect(await text({ isWatched: false, lines: 5 })).toContain('its log ends with: begins | ends');
  });

  it('ends a watch that nobody has asked for in 5 minutes, and wakes the release for the last time', async () => {
    await text();
    await clock.advance(300_000);
    expect(woken).toEqual(['prod/crel']);
    await vi.waitFor(() => expect(clock.pending).toBe(0));
    await vi.waitFor(() => expect(watch?.destroyed).toBe(true));
  });

  it('looks at two objects of a release, and at none of an earlier write', async () => {
    await text();
    await text(WATCHED, { ...laggard, resourceVersion: '8' });
    await text(WATCHED, { ...laggard, uid: 'uid-other' });
    await vi.waitFor(() => expect(sorts()[1]).toBe(3));
    await text();
    await vi.waitFor(() => expect(sorts()[1]).toBe(4));
  });

  it('opens 100 watches at most; who gets none lists the pods, and comes back after growing pauses', async () => {
    const keys = Array.from({ length: 101 }, (_, index) => `prod/crel-${index}`);
    await Promise.all(keys.map((key) => causes.of(key, laggard, WATCHED, signal)));
    await vi.waitFor(() => expect(sorts().slice(0, 2)).toEqual([101, 100]));
    await clock.advance(2_000);
    expect(woken).toEqual(['prod/crel-100']);
    causes.forget('prod/crel-0');
    await causes.of('prod/crel-100', laggard, WATCHED, signal);
    await vi.waitFor(() => expect(sorts()[1]).toBe(101));
    for (const key of keys) causes.forget(key);
  });

  it('says what it can without rights to read logs or Events, and does not ask again at once', async () => {
    log = (response) => json(response, 403, { kind: 'Status', message: 'forbidden' });
    expect(await text()).toBe('container main exited with 1, CrashLoopBackOff');
    expect(await text(WATCHED, { ...laggard, resourceVersion: '8' })).toBe('container main exited with 1, CrashLoopBackOff');
    expect(sorts()[3]).toBe(ASKS_WHEN_REFUSED);
  });

  it('says nothing without rights to read pods, and asks each namespace once in 10 minutes', async () => {
    server.script = (_, response) => json(response, 403, { kind: 'Status', message: 'forbidden' });
    expect(await text()).toBeUndefined();
    expect(await text()).toBeUndefined();
    expect(server.seen).toHaveLength(ASKS_WHEN_REFUSED);
    await clock.advance(600_000);
    await text();
    expect(server.seen).toHaveLength(2 * ASKS_WHEN_REFUSED);
  });

  it('does not wait for a kubelet that does not answer, and passes it over for a while', async () => {
    log = () => undefined;
    const looking = text();
    await vi.waitFor(() => expect(sorts()[3]).toBe(1));
    await clock.advance(1_000);
    expect(await looking).toBe('container main exited with 1, CrashLoopBackOff');
    expect(await text(WATCHED, { ...laggard, resourceVersion: '8' })).toBe('container main exited with 1, CrashLoopBackOff');
    expect(sorts()[3]).toBe(1);
  });

  it('ends after 2 s with what it knows', async () => {
    server.script = () => undefined;
    const looking = text();
    await vi.waitFor(() => expect(server.seen).toHaveLength(1));
    await clock.advance(2_000);
    expect(await looking).toBeUndefined();
  });

  it('rejects when the caller gives up', async () => {
    server.script = () => undefined;
    const end = new AbortController();
    const looking = causes.of('prod/crel', laggard, WATCHED, end.signal);
    end.abort(new Error('stop'));
    await expect(looking).rejects.toThrow('stop');
  });

  it('asks for the Events of a claim, which has no pods', async () => {
    events = [{ type: 'Warning', reason: 'ProvisioningFailed', message: 'no class', lastTimestamp: '2026-01-01T00:00:00Z' }];
    expect(await text(WATCHED, claim)).toBe('ProvisioningFailed: no class');
    expect(sorts()).toEqual([0, 0, 1, 0]);
    expect(await text(WATCHED, { ...claim, ref: { ...claim.ref, kind: 'ConfigMap' }, uid: 'c' })).toBeUndefined();
  });
});
