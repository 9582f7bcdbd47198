import { describe, expect, it } from 'vitest';
import { type Conduct, judge, type Verdict } from './quarantine.ts';

describe('judge', () => {
  it.each<[string, Conduct, Verdict]>([
    ['leaves a chart alone that nothing is known of', { breaches: 0, chart: 'Unknown' }, 'Free'],
    ['leaves a chart alone that has rendered', { breaches: 0, chart: 'Proven' }, 'Free'],
    ['suspects a chart that was slow or broke a limit and has never rendered', { breaches: 0, chart: 'Suspect' }, 'Suspect'],
    ['suspects a request after one breach', { breaches: 1, chart: 'Suspect' }, 'Suspect'],
    ['suspects a request after one breach though its chart renders for others', { breaches: 1, chart: 'Proven' }, 'Suspect'],
    ['puts a request into quarantine after two breaches', { breaches: 2, chart: 'Suspect' }, 'Quarantined'],
    ['puts a request into quarantine though its chart renders for others', { breaches: 2, chart: 'Proven' }, 'Quarantined'],
  ])('%s', (_, conduct, verdict) => {
    expect(judge(conduct)).toBe(verdict);
  });
});
