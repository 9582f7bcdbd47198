import { describe, expect, it } from 'vitest';
import { type Counts, deedPoints, doublesOf, everyPoint, MODES, parsePoint, type Point, printPoint, spreadOf } from './points.ts';
import { SCENARIOS } from './scenarios.ts';

const COUNTS: Counts = new Map(SCENARIOS.map((name, at) => [name, 8 + at]));
const WRITES = [...COUNTS.values()].reduce((sum, count) => sum + count, 0);
const namesOf = (points: readonly Point[]): readonly string[] => [...new Set(points.map(({ scenario }) => scenario))].toSorted();

describe('points', () => {
  it('are every write of every scenario in every mode, once', () => {
    const points = everyPoint(COUNTS);
    expect(points).toHaveLength(WRITES * MODES.length);
    expect(new Set(points.map(({ scenario, kills }) => printPoint({ scenario, kills }))).size).toBe(points.length);
    for (const [scenario, count] of COUNTS) {
      const last = points.filter((point) => point.scenario === scenario && point.kills[0]?.write === count);
      expect(last.map(({ kills }) => kills[0]?.mode)).toEqual(MODES);
    }
  });

  it('have a look by helm in every mode and in every scenario', () => {
    const looks = everyPoint(COUNTS).filter(({ deed }) => deed === 'look');
    expect(namesOf(looks)).toEqual([...SCENARIOS].toSorted());
    expect(new Set(looks.map(({ kills }) => kills[0]?.mode)).size).toBe(MODES.length);
  });

  it('at which people do something are a few of each kind, and none where it makes no sense', () => {
    const points = deedPoints(COUNTS);
    expect(points.map(({ deed }) => deed)).toEqual([...Array(12).fill('rollback'), ...Array(12).fill('uninstall'), ...Array(12).fill('namespace')]);
    expect(points.filter(({ scenario, deed }) => scenario === 'uninstall' && deed === 'uninstall')).toEqual([]);
    expect(namesOf(points.filter(({ deed }) => deed === 'namespace'))).toHaveLength(SCENARIOS.length);
  });

  it('of a spread are the same for the same seed, of every scenario and mode, and within its writes', () => {
    const points = spreadOf(COUNTS, 40, 7);
    expect(spreadOf(COUNTS, 40, 7)).toEqual(points);
    expect(spreadOf(COUNTS, 40, 8)).not.toEqual(points);
    expect(namesOf(points)).toHaveLength(SCENARIOS.length);
    const perMode = MODES.map((mode) => points.filter(({ kills }) => kills[0]?.mode === mode).length);
    expect(perMode).toEqual([10, 10, 10, 10]);
    for (const { scenario, kills } of points) expect(kills[0]?.write).toBeLessThanOrEqual(COUNTS.get(scenario) ?? 0);
  });

  it('with a second kill have it among the writes that are left', () => {
    for (const { scenario, kills } of doublesOf(COUNTS, 300, 7)) {
      const [first, second] = kills.map(({ write }) => write);
      expect((first ?? 0) + (second ?? 0)).toBeLessThanOrEqual(COUNTS.get(scenario) ?? 0);
    }
    expect(doublesOf(COUNTS, 5, 7)).toEqual(doublesOf(COUNTS, 5, 7));
  });

  const texts = ['install', 'upgrade/7/Unsent', 'tag-meanwhile/12/Terminated/3/Answered', 'adoption/1/Unanswered/look'];
  it.each(texts)('%s is read as it is printed', (text) => {
    expect(printPoint(parsePoint(text))).toBe(text);
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['instal/1/Unsent', 'there is no scenario instal'],
    ['install/0/Unsent', 'after the scenario come a write, from 1'],
    ['install/1', 'after the scenario come a write, from 1'],
    ['install/1/unsent', 'one of Unsent, Unanswered, Answered, Terminated'],
  ];
  it.each(wrong)('%s is no point', (text, why) => {
    expect(() => parsePoint(text)).toThrow(why);
  });
});
