import { afterEach, describe, expect, it } from 'vitest';
import type { Operator } from '../lab/operator.ts';
import { SHORT } from '../leader/pair.ts';
import { conditionIn, openSite, type Site } from './site.ts';

/** Where both say that they are; they listen on ports of their own. */
const POD_IP = '192.0.2.7';
/** For a machine that is busy with other tests. */
const SLACK_MS = 3_000;

const POD = `apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}, annotations: {lab.tagalong.dev/play: not-ready}}
spec: {containers: [{name: web, image: registry.invalid/web}]}
`;

interface LeaseSpec {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly leaseTransitions: number;
  readonly acquireTime: string;
  readonly renewTime: string;
}

interface EndpointSlice {
  readonly endpoints: readonly { readonly addresses: readonly string[] }[];
  readonly ports: readonly { readonly port: number }[];
}

describe('two replicas of an operator', () => {
  let site: Site;
  let standby: Operator;
  const open = async (): Promise<void> => {
    site = await openSite('leader', { election: SHORT, args: ['--webhook-addr', '127.0.0.1:0', '--webhook-service', 'receivers'], env: { POD_IP } });
    await leads(site.operator);
    standby = await site.startAnother();
  };
  afterEach(async () => {
    await Promise.all([site.close(), standby.stop()]);
  });

  const said = (operator: Operator, message: string): string | undefined => operator.log().find((line) => line.includes(`"msg":"${message}"`));
  const leads = (operator: Operator) =>
    site.eventually(
      'it leads',
      async () => said(operator, 'leading') !== undefined,
      () => operator.log().slice(-8).join('\n'),
    );
  const lease = async (): Promise<LeaseSpec> => ((await site.object('coordination.k8s.io/v1/leases/tagalong-operator')) as { readonly spec: LeaseSpec }).spec; // the API's own shape
  const probe = async (operator: Operator) => {
    const answer = await fetch(`${operator.url('probes')}/readyz?verbose`);
    return { status: answer.status, body: await answer.text() };
  };
  /** At which port the Service of the receivers, in the namespace of the kubeconfig, leads to this replica, once that is so. */
  const receivesAt = async (operator: Operator) => {
    await site.eventually('the Service leads to it', async () => said(operator, 'the Service of the receivers leads here') !== undefined);
    const { port } = JSON.parse(said(operator, 'the Service of the receivers leads here') ?? '{}') as { readonly port?: number }; // as it is logged
    const { endpoints, ports } = (await site.read('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/receivers-ipv4')) as unknown as EndpointSlice; // the API's own shape
    expect(endpoints.map(({ addresses }) => addresses)).toEqual([[POD_IP]]);
    expect(ports.map((one) => one.port)).toEqual([port]);
    return port;
  };
  /** Makes a Pod that is played as not ready ready after all. */
  const becomesReady = (name: string) =>
    site.kubectl(['patch', 'pod', name, '--subresource=status', '--type=strategic', '--patch', '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}']);

  it('are one at work and one ready to be, which takes over when the first is killed and ends what was under way', async () => {
    await open();
    const first = await lease();
    expect(first).toMatchObject({
      leaseDurationSeconds: SHORT.leaseMs / 1000,
      leaseTransitions: 0,
      renewTime: expect.stringMatching(/\.\d{6}Z$/),
      acquireTime: expect.stringMatching(/\.\d{6}Z$/),
    });
    const receivedAt = await receivesAt(site.operator);
    const words = `[+]election ok: standby; Lease ${site.namespace}/tagalong-operator is held by ${first.holderIdentity}`;
    await expect.poll(() => probe(standby), { timeout: 30_000 }).toMatchObject({ status: 200, body: expect.stringContaining(words) });
    expect(await (await fetch(`${standby.url('metrics')}/metrics`)).text()).toContain(`leader_election_master_status{name="${site.namespace}/tagalong-operator"} 0`);

    await site.pushSmall('web', 'stable', '1.0.0');
    await site.release('web', { chart: site.reference('web', 'stable') });
    await site.ready('web', 1);
    await site.pushSmall('web', 'stable', '2.0.0', { 'templates/pod.yaml': POD });
    await site.lookNow('web');
    await site.reaches('web', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    expect(await site.object('secrets/sh.helm.release.v1.web.v2')).toMatchObject({
      metadata: { annotations: { 'tagalong.dev/lease': `${site.namespace}/tagalong-operator`, 'tagalong.dev/epoch': '0' } },
    });
    expect(said(standby, 'leading')).toBeUndefined();

    await site.operator.kill();
    const killed = Date.now();
    await leads(standby);
    expect(Date.now() - killed).toBeLessThan(SHORT.leaseMs + SHORT.retryMs + SLACK_MS);
    expect(await lease()).toMatchObject({ leaseTransitions: 1, holderIdentity: expect.not.stringMatching(first.holderIdentity) });
    expect(await receivesAt(standby)).not.toBe(receivedAt);
    await becomesReady('web');
    const status = await site.ready('web', 2);
    expect(status.history).toMatchObject([
      { revision: 2, outcome: 'deployed' },
      { revision: 1, outcome: 'superseded' },
    ]);
  });

  it('hand over at once when the first is stopped', async () => {
    await open();
    await site.operator.stop();
    const stopped = Date.now();
    expect(said(site.operator, 'the Lease is released')).toBeDefined();
    await leads(standby);
    expect(Date.now() - stopped).toBeLessThan(SHORT.leaseMs);
    expect(await lease()).toMatchObject({ leaseTransitions: 1 });
    await site.pushSmall('web', 'stable', '1.0.0');
    await site.release('web', { chart: site.reference('web', 'stable') });
    await site.ready('web', 1);
  });
});
