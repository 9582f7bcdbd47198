import { expect, it } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.ts';
import type { Clock } from '../ports/clock.ts';
import { answerChecks } from './checks.ts';
import { Heartbeat } from './heartbeat.ts';

it('is well while the event loop turns', async () => {
  const clock = new FakeClock();
  const heartbeat = new Heartbeat(clock);
  await clock.advance(60_000);
  expect(heartbeat.problem()).toBeUndefined();
});

it('says since when the event loop is stuck', () => {
  let now = 0;
  const stuck: Clock = { now: () => now, elapsed: () => now, random: () => 0, after: () => () => undefined };
  const heartbeat = new Heartbeat(stuck);
  now = 15_000;
  expect(heartbeat.problem()).toBeUndefined();
  now = 20_000;
  expect(answerChecks('healthz', [heartbeat], new URLSearchParams())).toMatchObject({
    status: 503,
    body: '[-]event-loop failed: the last heartbeat was 20 s ago\nhealthz check failed\n',
  });
});

it('leaves no timer behind', async () => {
  const clock = new FakeClock();
  const heartbeat = new Heartbeat(clock);
  await clock.advance(2_500);
  heartbeat.stop();
  expect(clock.pending).toBe(0);
});
