import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RenderedObject, Stamp } from '../../src/ports/renderer.ts';
import { SimulatedRenderer } from './renderer.ts';
import { play } from './seed.ts';

/** Of everything that happens in a course, to the millisecond. */
const digestOf = async (seed: number): Promise<string> => {
  const hash = createHash('sha256');
  await play(seed, (line) => hash.update(`${line}\n`));
  return hash.digest('hex');
};

/** Makes something else of a recorded manifest than was rendered, as one would who renders it anew. */
class RenderingAnew extends SimulatedRenderer {
  override read(manifest: string, stamp: Stamp): Promise<readonly RenderedObject[]> {
    return super.read(manifest.replace(/"render":"\d+"/, '"render":"anew"'), stamp);
  }
}

describe('a course', () => {
  // Two replicas, and every weather.
  it.each([0, 1, 2, 3, 4])('is the same each time that seed %i is played, and breaks nothing', { timeout: 60_000 }, async (seed) => {
    expect(await digestOf(seed)).toBe(await digestOf(seed));
    expect(await play(seed)).toEqual([]);
  });

  // A record in history that was gone, one that waits beyond the limit, a question left to nobody when a process ended, deletions by people that the
  // judge had taken for what the operator left, a Deployment without Pods, looks without end, a rest that was told of without its records, a
  // hook whose object was made late, objects deleted when their time was over, and looks that nobody waited for.
  it.each([1021, 3253, 8519, 12087, 12179, 17693, 18734, 20204, 31939, 39239, 44580, 99102])('breaks nothing with seed %i any more', { timeout: 60_000 }, async (seed) => {
    expect(await play(seed)).toEqual([]);
  });

  it('finds out who renders anew what is recorded', { timeout: 60_000 }, async () => {
    const found: string[] = [];
    for (let seed = 0; seed < 5; seed += 1) found.push(...(await play(seed, undefined, new RenderingAnew())));
    expect(found).toContainEqual(expect.stringMatching(/^I6 .*ConfigMap r\d-config is as no record has it$/));
  });
});
