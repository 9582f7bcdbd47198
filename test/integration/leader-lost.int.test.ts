import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { Fault } from '../lab/steering.ts';
import { isOfLease, leads, Pair, type Replica, said, SHORT, takenAt, writesOf } from '../leader/pair.ts';
import { pauseLeaders } from '../leader/pauses.ts';
import { seeded } from '../seeded.ts';

// SEED=n vitest ...: the same moments again. `make leader` has more of them.
const SEED = Number(process.env['SEED'] ?? Date.now() % 100_000);
const PAUSES = 3;
/** With room for an outage that is shorter than the deadline, on a machine that is busy. */
const ROOMY = { leaseMs: 8_000, renewDeadlineMs: 6_000, retryMs: 1_000 };
const OUTAGE_MS = 3_000;
const LONG = { timeout: 180_000 };

const ground = { lab: inject('lab'), operatorProgram: inject('operatorProgram') };

let pair: Pair | undefined;
afterEach(async () => {
  await pair?.close();
  pair = undefined;
});

it(`a leader that is stopped in the middle of its work sends nothing when it goes on (SEED=${SEED})`, LONG, async () => {
  const { pauses, violations } = await pauseLeaders(ground, { times: PAUSES, random: seeded(SEED), told: () => undefined });
  expect(pauses).toHaveLength(PAUSES);
  expect(pauses.flatMap(({ writesAfterLoss }) => writesAfterLoss)).toEqual([]);
  expect(pauses.map(({ exitCode }) => exitCode)).toEqual(pauses.map(() => 1));
  expect(violations).toEqual([]);
});

const fault = (status: number): Fault => ({ kind: 'Answer', status, headers: { 'retry-after': '1' }, body: { kind: 'Status', code: status, message: 'on purpose' } });
const SILENCE: Fault = { kind: 'Delay', ms: 60_000 };

describe('a leader whose requests about the Lease fail', () => {
  const open = async (times = ROOMY): Promise<Pair> => {
    pair = await Pair.open(ground, 'lost', times);
    return pair;
  };
  const strike = ({ proxy }: Replica, what: Fault) => proxy.steer({ isMeant: isOfLease, fault: what });

  /** Has an upgrade made every now and then, until the end; whatever fails there is of no interest. */
  const keepBusy = ({ site }: Pair): (() => Promise<void>) => {
    const over = new AbortController();
    const busy = (async () => {
      for (let turn = 0; !over.signal.aborted; turn += 1) {
        await site.release('busy', { chart: site.reference('busy', 'stable'), values: { turn } });
        await delay(200);
      }
    })();
    return async () => {
      over.abort();
      await busy;
    };
  };

  it('goes on when they succeed again in time', LONG, async () => {
    const { site, leader, standby } = await open();
    for (const [release, what] of Object.entries({ refused: fault(429), failed: fault(500), cut: { kind: 'Reset' } as const, silent: SILENCE })) {
      const struck = strike(leader, what);
      await site.pushSmall(release, 'stable', '1.0.0');
      await site.release(release, { chart: site.reference(release, 'stable') });
      await delay(OUTAGE_MS);
      struck.lift();
      expect(struck.strikes(), release).toBeGreaterThan(0);
      await site.ready(release, 1);
      await renewed(leader);
    }
    expect(said(leader.operator, 'this replica leads no longer')).toBeUndefined();
    expect(said(standby.operator, 'leading')).toBeUndefined();
  });

  /** As soon as a renewal succeeds that is sent from now on. */
  const renewed = ({ proxy }: Replica): Promise<void> => {
    const before = proxy.passed.length;
    return expect.poll(() => proxy.passed.slice(before).some((one) => isOfLease(one) && one.status === 200), { timeout: 10_000 }).toBe(true);
  };

  it.each<readonly [string, Fault]>([
    ['are refused', fault(429)],
    ['alone come to nothing', SILENCE],
  ])('ends when they %s for longer, and writes nothing once another leads', LONG, async (_, what) => {
    const { site, leader, standby } = await open(SHORT);
    await site.pushSmall('busy', 'stable', '1.0.0', {
      'templates/turn.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: turn}\ndata: {turn: {{ .Values.turn | quote }}}\n',
    });
    const rest = keepBusy({ site, leader, standby } as Pair);
    await site.eventually('it is at work', async () => writesOf(leader).length > 0);
    const began = Date.now();
    strike(leader, what);
    expect(await leader.operator.ended).toBe(1);
    await leads(site, standby);
    await rest();
    const lostAt = takenAt(standby);
    expect(
      writesOf(leader).some(({ at }) => at > began),
      'it was at work when the Lease could not be renewed',
    ).toBe(true);
    expect(writesOf(leader).filter(({ at }) => at >= lostAt)).toEqual([]);
    expect(said(leader.operator, 'this replica leads no longer')).toContain(`the Lease was not renewed for ${SHORT.renewDeadlineMs / 1000} s`);
  });
});

it('a standby that has seen nothing for a while looks before it works', LONG, async () => {
  pair = await Pair.open(ground, 'behind');
  const { site, leader, standby } = pair;
  await site.pushSmall('web', 'stable', '1.0.0');
  await site.release('web', { chart: site.reference('web', 'stable') });
  await site.ready('web', 1);
  // Its watches stay open, and nothing comes by them any more.
  const silent = standby.proxy.edit(() => ({ text: '' }));
  await site.pushSmall('web', 'stable', '2.0.0');
  await site.lookNow('web');
  await site.ready('web', 2);
  await leader.operator.kill();
  await leads(site, standby);
  silent();
  await site.eventually('it has looked', async () =>
    /^controller_runtime_reconcile_total\{.*result="success"\} [1-9]/m.test(await (await fetch(`${standby.operator.url('metrics')}/metrics`)).text()),
  );
  expect(writesOf(standby)).toEqual([]);
});
