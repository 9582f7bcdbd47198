import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSite, type Site } from './site.ts';

describe('metrics and probes of a running operator', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('metrics');
  });
  afterAll(() => site.close());

  const scrape = async (): Promise<string> => (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  const probe = async (at: string): Promise<string> => (await fetch(site.operator.url('probes') + at)).text();

  /** The value of a series as soon as it is there; the labels are those of the table, in its order. */
  const shows = async (line: string): Promise<void> => {
    let last = '';
    await site.eventually(
      line,
      async () => {
        last = await scrape();
        return last.includes(`\n${line}\n`);
      },
      () => last,
    );
  };

  const value = async (series: string): Promise<number> => {
    const line = (await scrape()).split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.split(' ').at(-1));
  };

  it('follow a release from its first revision to its end', async () => {
    const of = `namespace="${site.namespace}",name="shown"`;
    const first = await site.pushSmall('shown', 'stable', '1.0.0');
    await site.release('shown', { chart: site.reference('shown', 'stable') });
    await site.ready('shown', 1);
    await shows(`tagalong_release_info{${of},chart="shown",version="1.0.0",digest12="${first.slice(7, 19)}",ready="True",suspended="False"} 1`);
    await shows(`tagalong_release_revision{${of}} 1`);

    const second = await site.pushSmall('shown', 'stable', '2.0.0');
    await site.lookNow('shown');
    await site.ready('shown', 2);
    await shows(`tagalong_release_info{${of},chart="shown",version="2.0.0",digest12="${second.slice(7, 19)}",ready="True",suspended="False"} 1`);
    await shows(`tagalong_release_revision{${of}} 2`);
    expect(await scrape()).not.toContain(`${of},chart="shown",version="1.0.0"`);
    expect(await value('tagalong_digest_changes_total')).toBe(1);

    await site.remove('shown');
    await site.eventually('the ChartRelease is gone', async () => (await site.seen('shown')) === undefined);
    await site.eventually('its series are gone', async () => !(await scrape()).includes(of));
  });

  it('say why a release is not ready, and count the failure', async () => {
    await site.release('missing', { chart: site.reference('missing', 'none') });
    await site.fails('missing', 'ChartNotFound');
    await shows(`tagalong_release_condition{namespace="${site.namespace}",name="missing",type="Ready",status="False",reason="ChartNotFound"} 1`);
    await shows(`tagalong_release_ready{namespace="${site.namespace}",name="missing"} 0`);
    expect(await value(`tagalong_registry_requests_total{registry="${site.lab.registry}",op="resolve",code="404"}`)).toBeGreaterThan(0);
    expect(await value('controller_runtime_reconcile_errors_total{controller="chartrelease"}')).toBeGreaterThan(0);
    await site.remove('missing');
  });

  it('count what was done: runs, the queue, requests, charts, renders', async () => {
    await site.pushSmall('counted', 'stable', '1.0.0');
    await site.release('counted', { chart: site.reference('counted', 'stable') });
    await site.ready('counted', 1);
    const host = new URL(site.lab.server).host;
    const series = [
      'controller_runtime_reconcile_time_seconds_count{controller="chartrelease"}',
      'workqueue_work_duration_seconds_count{controller="chartrelease",name="chartrelease"}',
      `rest_client_requests_total{code="200",method="GET",host="${host}"}`,
      `rest_client_requests_total{code="201",method="POST",host="${host}"}`,
      `rest_client_request_duration_seconds_count{verb="PATCH",host="${host}"}`,
      `tagalong_registry_request_duration_seconds_count{registry="${site.lab.registry}",op="blob"}`,
      'tagalong_chart_cache_misses_total',
      'tagalong_render_duration_seconds_count{op="render",result="success"}',
    ];
    for (const one of series) expect(await value(one), one).toBeGreaterThan(0);
    const objects = (result: string) => value(`tagalong_apply_objects_total{result="${result}"}`);
    const made = await objects('created');
    const fixed = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: counted-fixed}\n';
    await site.pushSmall('counted', 'stable', '1.0.1', { 'templates/fixed.yaml': fixed, 'templates/gone.yaml': fixed.replace('-fixed', '-gone') });
    await site.lookNow('counted');
    await site.ready('counted', 2);
    await site.pushSmall('counted', 'stable', '1.0.2', { 'templates/fixed.yaml': fixed });
    await site.lookNow('counted');
    await site.ready('counted', 3);
    // The other releases here are created and configured too, at the same time perhaps.
    expect((await objects('created')) - made).toBeGreaterThanOrEqual(2);
    expect(await objects('configured')).toBeGreaterThanOrEqual(2);
    expect([await objects('unchanged'), await objects('pruned')]).toEqual([1, 1]);
    expect(await value('controller_runtime_max_concurrent_reconciles{controller="chartrelease"}')).toBe(16);
  });

  it('say that the operator is alive and ready', async () => {
    expect(await probe('/healthz?verbose')).toBe('[+]event-loop ok\nhealthz check passed\n');
    await site.eventually('an engine runs', async () => (await probe('/readyz')) === 'ok');
    expect(await probe('/readyz?verbose')).toBe('[+]releases ok\n[+]records ok\n[+]helm-engine ok\n[+]shutdown ok\nreadyz check passed\n');
  });
});
