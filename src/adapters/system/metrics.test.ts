import { beforeEach, describe, expect, it } from 'vitest';
import type { ChartReleaseStatus } from '../../api/chart-release.ts';
import type { RunEnd } from '../../ports/metrics.ts';
import type { RegistryView } from '../../ports/registry.ts';
import type { SeenRelease } from '../../ports/releases.ts';
import { METRICS } from './metric-table.ts';
import { PrometheusMetrics } from './metrics.ts';

let now: number;
let metrics: PrometheusMetrics;

beforeEach(() => {
  now = 100;
  metrics = new PrometheusMetrics({ version: '1.2.3', maxConcurrent: 16, now: () => now });
});

/** Lines of one metric, or of all whose names begin so, without buckets. */
const series = async (prefix: string): Promise<readonly string[]> => {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => line.startsWith(prefix) && !line.includes('_bucket{'));
};

const wait = (seconds: number): void => {
  now += seconds;
};

describe('what is scraped', () => {
  it('has a name, a type and a help text for every metric of the table', async () => {
    metrics.follow({ keys: () => [], get: () => undefined });
    const text = await metrics.text();
    for (const [name, { type, help }] of Object.entries(METRICS)) expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  });

  it('has nothing of ours that is not in the table', async () => {
    metrics.follow({ keys: () => [], get: () => undefined });
    const names = [...(await metrics.text()).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
    const ours = names.filter((name) => !/^(process|nodejs)_/.test(name));
    expect(ours.toSorted()).toEqual(Object.keys(METRICS).toSorted());
    expect(names).toEqual(expect.arrayContaining(['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds', 'nodejs_heap_size_used_bytes']));
  });

  it('is in the text format 0.0.4', () => {
    expect(metrics.contentType).toContain('version=0.0.4');
  });

  it('says whether there is somebody to render', async () => {
    expect(await series('tagalong_renderer_up')).toEqual(['tagalong_renderer_up 0']);
    const renderer = { isUp: true };
    metrics.watch(renderer);
    expect(await series('tagalong_renderer_up')).toEqual(['tagalong_renderer_up 1']);
    renderer.isUp = false;
    expect(await series('tagalong_renderer_up')).toEqual(['tagalong_renderer_up 0']);
  });

  it('says how registries fare, those with the most polls, and forgets those that are gone', async () => {
    const view = (registry: string, polls: number) => ({
      registry,
      polls,
      pollsPerMinute: 1,
      stretch: 2,
      budget: undefined,
      failures: 3,
      heldUntil: undefined,
      nextPollAt: undefined,
    });
    const many = Array.from({ length: 120 }, (_, at) => view(`r${at}.example`, at + 1));
    let views: readonly RegistryView[] = many;
    metrics.watchRegistries({ registries: () => views });
    const polls = await series('tagalong_registry_polls{');
    expect(polls).toHaveLength(100);
    expect(polls).toContain('tagalong_registry_polls{registry="r119.example"} 120');
    expect(polls).not.toContain('tagalong_registry_polls{registry="r0.example"} 1');
    expect(await series('tagalong_registry_budget_remaining{')).toEqual([]);
    views = [{ ...view('r.example', 1), budget: { limit: undefined, remaining: 4, until: 1 }, stretch: Number.POSITIVE_INFINITY, heldUntil: 5000, nextPollAt: 6000 }];
    expect(await series('tagalong_registry_')).toEqual([
      'tagalong_registry_polls{registry="r.example"} 1',
      'tagalong_registry_poll_stretch{registry="r.example"} +Inf',
      'tagalong_registry_budget_remaining{registry="r.example"} 4',
      'tagalong_registry_failures{registry="r.example"} 3',
      'tagalong_registry_held_until_timestamp_seconds{registry="r.example"} 5',
      'tagalong_registry_next_poll_timestamp_seconds{registry="r.example"} 6',
    ]);
  });

  it('says how many releases are on their way', async () => {
    expect(await series('tagalong_rollouts{state="queued"}')).toEqual(['tagalong_rollouts{state="queued"} 0']);
    metrics.watchRollouts({ counts: { rolling: 50, queued: 7, held: 2 } });
    expect(await series('tagalong_rollouts{')).toEqual(['tagalong_rollouts{state="rolling"} 50', 'tagalong_rollouts{state="queued"} 7', 'tagalong_rollouts{state="held"} 2']);
  });

  it('says whether this replica leads, where somebody is elected', async () => {
    expect(await series('leader_election_master_status')).toEqual([]);
    metrics.watchLeadership({ lease: 'a/b', term: undefined });
    expect(await series('leader_election_master_status')).toEqual(['leader_election_master_status{name="a/b"} 0']);
    metrics.watchLeadership({ lease: 'a/b', term: { lease: 'a/b', epoch: 0 } });
    expect(await series('leader_election_master_status')).toEqual(['leader_election_master_status{name="a/b"} 1']);
  });

  it('says which version runs', async () => {
    expect(await series('tagalong_build_info')).toEqual([`tagalong_build_info{version="1.2.3",node="${process.version}"} 1`]);
  });
});

describe('runs', () => {
  it.each<readonly [RunEnd, string, readonly string[]]>([
    ['Success', 'success', []],
    ['LookAgain', 'requeue_after', []],
    ['Failed', 'error', ['errors']],
    ['Stalled', 'error', ['errors', 'terminal']],
    ['Fault', 'error', ['errors', 'panics']],
  ])('counts %s as controller-runtime counts %s', async (end, result, also) => {
    metrics.runs.begin()(end);
    const counted = (await series('controller_runtime_reconcile_total')).filter((line) => line.endsWith(' 1'));
    expect(counted).toEqual([`controller_runtime_reconcile_total{controller="chartrelease",result="${result}"} 1`]);
    const errors = { errors: 'reconcile_errors', terminal: 'terminal_reconcile_errors', panics: 'reconcile_panics' };
    for (const [kind, name] of Object.entries(errors)) {
      const [line] = await series(`controller_runtime_${name}_total`);
      expect(line).toBe(`controller_runtime_${name}_total{controller="chartrelease"} ${also.includes(kind) ? 1 : 0}`);
    }
  });

  it('counts who is at work, of how many, and how long it took', async () => {
    const end = metrics.runs.begin();
    metrics.runs.begin();
    expect(await series('controller_runtime_active_workers')).toEqual(['controller_runtime_active_workers{controller="chartrelease"} 2']);
    expect(await series('controller_runtime_max')).toEqual(['controller_runtime_max_concurrent_reconciles{controller="chartrelease"} 16']);
    wait(1.5);
    end('Success');
    expect(await series('controller_runtime_active_workers')).toEqual(['controller_runtime_active_workers{controller="chartrelease"} 1']);
    expect(await series('controller_runtime_reconcile_time')).toEqual([
      'controller_runtime_reconcile_time_seconds_sum{controller="chartrelease"} 1.5',
      'controller_runtime_reconcile_time_seconds_count{controller="chartrelease"} 1',
    ]);
  });
});

describe('the queue', () => {
  const value = async (name: string): Promise<string | undefined> => (await series(name))[0]?.split(' ').at(-1);

  it('counts keys that wait, for how long they waited, and for how long they are worked on', async () => {
    metrics.queue.added('a');
    metrics.queue.added('b');
    wait(2);
    metrics.queue.taken('a');
    expect(await series('workqueue_depth')).toEqual(['workqueue_depth{controller="chartrelease",name="chartrelease",priority="0"} 1']);
    expect(await value('workqueue_queue_duration_seconds_sum')).toBe('2');
    metrics.queue.taken('b');
    wait(3);
    expect(await value('workqueue_unfinished_work_seconds')).toBe('6');
    expect(await value('workqueue_longest_running_processor_seconds')).toBe('3');
    metrics.queue.done('a');
    metrics.queue.done('b');
    expect(await value('workqueue_work_duration_seconds_sum')).toBe('6');
    expect(await value('workqueue_unfinished_work_seconds')).toBe('0');
    expect(await value('workqueue_adds_total')).toBe('2');
  });
});

describe('requests', () => {
  it('counts those to the API server as client-go does', async () => {
    const { begin } = metrics.api.to('10.96.0.1:443');
    const answered = begin('PATCH');
    wait(0.5);
    answered(200);
    begin('PATCH')(409);
    begin('PATCH')(409);
    begin('GET')(undefined);
    expect(await series('rest_client_requests_total')).toEqual([
      'rest_client_requests_total{code="200",method="PATCH",host="10.96.0.1:443"} 1',
      'rest_client_requests_total{code="409",method="PATCH",host="10.96.0.1:443"} 2',
      'rest_client_requests_total{code="<error>",method="GET",host="10.96.0.1:443"} 1',
    ]);
    expect(await series('rest_client_request_duration_seconds_sum')).toContain('rest_client_request_duration_seconds_sum{verb="PATCH",host="10.96.0.1:443"} 0.5');
  });

  it('counts those to registries by what they are for', async () => {
    metrics.registry.begin('ghcr.io', 'resolve')(200);
    metrics.registry.begin('ghcr.io', 'blob')(404);
    metrics.registry.begin('ghcr.io', 'blob')(undefined);
    metrics.registry.digestChanged();
    expect(await series('tagalong_registry_requests_total')).toEqual([
      'tagalong_registry_requests_total{registry="ghcr.io",op="resolve",code="200"} 1',
      'tagalong_registry_requests_total{registry="ghcr.io",op="blob",code="404"} 1',
      'tagalong_registry_requests_total{registry="ghcr.io",op="blob",code="<error>"} 1',
    ]);
    expect(await series('tagalong_digest_changes_total')).toEqual(['tagalong_digest_changes_total 1']);
  });

  it('does not let one who names ever new registries fill the memory', async () => {
    for (let count = 0; count < 300; count += 1) metrics.registry.begin(`registry-${count}.example.com`, 'resolve')(200);
    const counted = await series('tagalong_registry_requests_total');
    expect(counted).toHaveLength(101);
    expect(counted.at(-1)).toBe('tagalong_registry_requests_total{registry="other",op="resolve",code="200"} 200');
  });
});

describe('releases', () => {
  const DIGEST = `sha256:0123456789ab${'c'.repeat(52)}`;
  const all = new Map<string, SeenRelease>();

  const put = (name: string, status: ChartReleaseStatus): void => {
    const metadata = { name, namespace: 'shop', uid: name, resourceVersion: '1', generation: 1 };
    all.set(`shop/${name}`, {
      kind: 'Unreadable',
      message: '',
      deletionPolicy: 'Uninstall',
      release: { apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', metadata, status },
    });
  };

  const condition = (type: 'Ready' | 'Reconciling' | 'FetchFailed', status: 'True' | 'False' | 'Unknown', reason: string) => ({
    type,
    status,
    reason,
    message: 'a message',
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });

  beforeEach(() => {
    all.clear();
    metrics.follow({ keys: () => [...all.keys()], get: (key) => all.get(key) });
  });

  it('has what is deployed, and whether it is ready', async () => {
    put('web', { chart: { name: 'web', version: '1.0.0', digest: DIGEST }, revision: 3, conditions: [condition('Ready', 'True', 'UpgradeSucceeded')] });
    expect(await series('tagalong_release_')).toEqual([
      'tagalong_release_info{namespace="shop",name="web",chart="web",version="1.0.0",digest12="0123456789ab",ready="True",suspended="False"} 1',
      'tagalong_release_revision{namespace="shop",name="web"} 3',
      'tagalong_release_ready{namespace="shop",name="web"} 1',
    ]);
  });

  it('has one that was never installed, and its reasons', async () => {
    put('web', { conditions: [condition('Ready', 'False', 'ChartNotFound'), condition('FetchFailed', 'True', 'ChartNotFound')] });
    expect(await series('tagalong_release_')).toEqual([
      'tagalong_release_info{namespace="shop",name="web",chart="",version="",digest12="",ready="False",suspended="False"} 1',
      'tagalong_release_ready{namespace="shop",name="web"} 0',
      'tagalong_release_condition{namespace="shop",name="web",type="Ready",status="False",reason="ChartNotFound"} 1',
      'tagalong_release_condition{namespace="shop",name="web",type="FetchFailed",status="True",reason="ChartNotFound"} 1',
    ]);
  });

  it('has one series of what changed, not one for each thing that it was', async () => {
    put('web', { chart: { name: 'web', version: '1.0.0', digest: DIGEST }, revision: 1, conditions: [condition('Ready', 'True', 'InstallSucceeded')] });
    await metrics.text();
    put('web', { chart: { name: 'web', version: '2.0.0', digest: DIGEST.replace('0', 'f') }, revision: 2, conditions: [condition('Ready', 'Unknown', 'Progressing')] });
    expect(await series('tagalong_release_info')).toEqual([
      'tagalong_release_info{namespace="shop",name="web",chart="web",version="2.0.0",digest12="f123456789ab",ready="Unknown",suspended="False"} 1',
    ]);
    expect(await series('tagalong_release_revision')).toEqual(['tagalong_release_revision{namespace="shop",name="web"} 2']);
  });

  it('keeps what others named from breaking the format', async () => {
    put('web', { chart: { name: 'we"b', version: 'a\\b\nc', digest: DIGEST } });
    expect((await series('tagalong_release_info'))[0]).toContain('chart="we\\"b",version="a\\\\b\\nc"');
  });

  it('has nothing of a release that is gone', async () => {
    put('web', { chart: { name: 'web', version: '1.0.0', digest: DIGEST }, revision: 1, conditions: [condition('Ready', 'False', 'UpgradeFailed')] });
    put('shop', {});
    expect((await metrics.text()).match(/name="web"/g)).toHaveLength(4);
    all.delete('shop/web');
    const text = await metrics.text();
    expect(text).not.toContain('name="web"');
    expect(text).toContain('name="shop"');
  });
});
