import { afterEach, describe, expect, it } from 'vitest';
import { contractChart, contractRequest, valuesOf } from '../../../test/fakes/engine-contract.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import type { EnginesLimits } from './engines.ts';
import { ENGINE_ENVIRONMENT, HelmRenderer } from './renderer.ts';

const command = process.env['TAGALONG_ENGINE'] ?? '';

const logger = new RecordingLogger();

const clock = realClock(1, () => 0.5);

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

/** Templates that no engine survives, or none within its limits. */
const BOMBS = {
  'a loop that takes ages': '{{ range until 10000 }}{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}{{ end }}',
  'a list of a thousand million': '{{ range until 1000000000 }}{{ end }}',
  'a tpl without end': '{{ tpl .Values.again . }}',
  'a text that doubles': '{{ $s := "xxxxxxxx" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}',
  '100 MiB of output': `${OBJECT}data:\n  a: {{ range until 100 }}{{ repeat 1048576 "x" }}{{ end }}`,
  'a million documents': `{{ range until 1000000 }}---\n${OBJECT}{{ end }}`,
} as const;

const VALUES = ['{"again":"{{ tpl .Values.again . }}"}'];

const opened: HelmRenderer[] = [];

const open = (limits: Partial<EnginesLimits>): HelmRenderer => {
  const renderer = new HelmRenderer({ launch: { command, args: [], environment: ENGINE_ENVIRONMENT }, engines: 2, clock, logger, limits });
  opened.push(renderer);
  return renderer;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((renderer) => renderer.close()));
});

const bomb = (renderer: HelmRenderer, name: keyof typeof BOMBS, signal = new AbortController().signal) =>
  renderer.render(contractRequest({ chart: contractChart(`sha256:${name}`, { 'templates/config.yaml': BOMBS[name] }), values: VALUES.map(valuesOf) }), signal);

/** Renders charts for 50 releases, half of them charts that were never seen, and gives the longest time. */
const renderFifty = async (renderer: HelmRenderer, turn: string): Promise<number> => {
  const began = Date.now();
  const times = Array.from({ length: 50 }, async (_, index) => {
    const chart = contractChart(index % 2 === 0 ? 'sha256:good' : `sha256:${turn}${index}`);
    const release = { name: `good-${index}`, namespace: 'shop', revision: 1, action: 'install' } as const;
    await renderer.render(contractRequest({ chart, release }), new AbortController().signal);
    return Date.now() - began;
  });
  return Math.max(...(await Promise.all(times)));
};

const names = Object.keys(BOMBS) as (keyof typeof BOMBS)[];

describe.skipIf(command === '')('bombs on the real engine', () => {
  it.each(names)('ends %s in quarantine by the second render', async (name) => {
    const renderer = open({ replyMs: 1_500 });
    const first = await bomb(renderer, name).catch((error: unknown) => error);
    expect(first).toMatchObject({ code: expect.stringMatching(/^(Unavailable|ResourceExceeded)$/), message: expect.stringContaining(`sha256:${name}: `) });
    await expect(bomb(renderer, name)).rejects.toMatchObject({ code: 'ResourceExceeded' });
    expect(await renderFifty(renderer, 'after')).toBeGreaterThan(0);
  });

  it('does not hold up 50 others by more than 2 s, though the limit of time is 20 s', async () => {
    const renderer = open({});
    await renderFifty(renderer, 'before');
    const alone = await renderFifty(renderer, 'alone');
    const stop = new AbortController();
    const bombs = names.map((name) => bomb(renderer, name, stop.signal).catch((error: unknown) => error));
    const beside = await renderFifty(renderer, 'beside');
    stop.abort(new Error('enough'));
    await Promise.all(bombs);
    // The bombs keep every core busy, and so may others: what 50 renders take grows by that as well.
    expect(beside).toBeLessThan(2_000 + 10 * Math.max(alone, 200));
  });
});
