import { expect, it } from 'vitest';
import { Departures } from './departures.ts';

it('counts from the first trouble on, for each by itself, and anew when it is forgotten', () => {
  const departures = new Departures(60_000);
  expect(departures.failed('a/web', 1_000)).toEqual({ pauseMs: 2_000, leftMs: 60_000 });
  expect(departures.failed('a/web', 41_000)).toEqual({ pauseMs: 4_000, leftMs: 20_000 });
  expect(departures.failed('a/web', 41_000, 30_000)).toEqual({ pauseMs: 8_000, leftMs: 0 });
  expect(departures.failed('a/other', 41_000, 30_000)).toEqual({ pauseMs: 2_000, leftMs: 30_000 });
  expect(departures.failed('a/web', 99_000)).toEqual({ pauseMs: 16_000, leftMs: 0 });
  expect(departures.failed('a/web', 99_000).pauseMs).toBe(20_000);
  departures.forget('a/web');
  expect(departures.failed('a/web', 99_000)).toEqual({ pauseMs: 2_000, leftMs: 60_000 });
});

it('keeps the objects of a revision under way until it is forgotten', () => {
  const departures = new Departures(60_000);
  const [address, elsewhere] = [
    { namespace: 'a', releaseName: 'web' },
    { namespace: 'b', releaseName: 'web' },
  ];
  const object = { ref: { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'x' }, source: '', isKept: false, digest: '' };
  departures.remember('a/web', { address, objects: [object] });
  departures.remember('a/web', undefined);
  expect([departures.objectsOf('a/web', address), departures.objectsOf('a/web', elsewhere), departures.objectsOf('a/other', address)]).toEqual([[object], [], []]);
  departures.forget('a/web');
  expect(departures.objectsOf('a/web', address)).toEqual([]);
});
