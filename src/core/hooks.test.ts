import { describe, expect, it } from 'vitest';
import {
  eventsIn,
  generatedName,
  type Hook,
  type HookStep,
  hooksFor,
  hooksToSweep,
  isOutputWanted,
  isReplaced,
  markOf,
  nextHook,
  readHooks,
  timeCountsFrom,
  withRun,
} from './hooks.ts';

const record = (...hooks: readonly Readonly<Record<string, unknown>>[]): string =>
  JSON.stringify(hooks.map((hook) => ({ kind: 'Job', path: 'c/templates/h.yaml', manifest: '', events: ['pre-install'], last_run: { phase: '' }, ...hook })));

const ran = (phase: string, event = 'pre-install') => ({ last_run: { started_at: '2026-01-01T00:00:00.000Z', phase, event } });

const named = (hooks: readonly Hook[]): readonly string[] => hooks.map(({ name }) => name);

const told = (step: HookStep): string => (step.kind === 'Done' ? 'Done' : `${step.kind} ${step.hook.name}`);

describe('hooks of an event', () => {
  it.each([
    [
      'run by weight',
      [
        { name: 'b', weight: 2 },
        { name: 'a', weight: 10 },
        { name: 'c', weight: -1 },
      ],
      ['c', 'b', 'a'],
    ],
    [
      'run by name where weights are equal, whatever their kinds',
      [
        { name: 'b', kind: 'ConfigMap' },
        { name: 'a', kind: 'Job' },
        { name: 'B', kind: 'Pod' },
      ],
      ['B', 'a', 'b'],
    ],
    [
      'keep the order of the record where names are equal too',
      [
        { name: 'a', path: '1' },
        { name: 'a', path: '2' },
      ],
      ['a', 'a'],
    ],
    [
      'are those of that event alone',
      [
        { name: 'a', events: ['post-install'] },
        { name: 'b', events: ['pre-upgrade', 'pre-install'] },
        { name: 'c', events: ['test'] },
      ],
      ['b'],
    ],
    ['may weigh more than JavaScript counts', [{ name: 'a', weight: 1 }, { name: 'b' }], ['b', 'a']],
  ])('%s', (_, hooks, order) => {
    expect(named(hooksFor(readHooks(record(...hooks)), 'pre-install'))).toEqual(order);
  });

  it('are read from whatever a record has', () => {
    expect(readHooks('null')).toEqual([]);
    expect(readHooks('[null,{"name":7,"events":null,"last_run":[]}]')).toMatchObject([{ name: '' }, { name: '', events: [], weight: 0, lastRun: undefined }]);
    expect(readHooks('[{"weight":9223372036854775807}]')).toMatchObject([{ weight: 2 ** 63 }]);
  });

  it('keep every digit when one of them is noted', () => {
    const json = '[{"name":"a","weight":9223372036854775807,"events":["test"],"last_run":{"phase":""}},{"name":"b","events":["pre-install"]}]';
    const hook = readHooks(json)[1];
    if (hook === undefined) throw new Error('there are two hooks');
    const run = { event: 'pre-install', startedAt: '2026-01-01T00:00:00.000Z', completedAt: '2026-01-01T00:00:01.000Z', phase: 'Succeeded' } as const;
    const noted = withRun(json, hook, run);
    expect(noted).toBe(
      '[{"name":"a","weight":9223372036854775807,"events":["test"],"last_run":{"phase":""}},{"name":"b","events":["pre-install"],"last_run":{"started_at":"2026-01-01T00:00:00.000Z","completed_at":"2026-01-01T00:00:01.000Z","phase":"Succeeded","event":"pre-install"}}]',
    );
    expect(readHooks(noted)[1]?.lastRun).toEqual(run);
    expect(readHooks(withRun(json, hook, { ...run, anew: true }))[1]?.lastRun).toEqual({ ...run, anew: true });
    expect(eventsIn(noted)).toEqual(['test', 'pre-install']);
  });
});

describe('the next hook', () => {
  it.each([
    ['none: it is done', [], false, 'Done'],
    ['the first, where nothing has run', [{ name: 'a' }, { name: 'b' }], false, 'Begin a'],
    ['the one under way', [{ name: 'a', ...ran('Running') }, { name: 'b' }], false, 'Watch a'],
    ['the one after those that have ended well', [{ name: 'a', ...ran('Succeeded') }, { name: 'b' }], false, 'Begin b'],
    ['none after one that failed', [{ name: 'a', ...ran('Succeeded') }, { name: 'b', ...ran('Failed') }, { name: 'c' }], false, 'Failed b'],
    [
      'the one that failed, where it is to run again',
      [
        { name: 'a', ...ran('Succeeded') },
        { name: 'b', ...ran('Failed') },
      ],
      true,
      'Begin b',
    ],
    ['one that has run for another event', [{ name: 'a', ...ran('Succeeded', 'post-install') }], false, 'Begin a'],
    ["one that a person's helm ran, which does not say for what", [{ name: 'a', last_run: { started_at: '2026-01-01T00:00:00Z', phase: 'Succeeded' } }], false, 'Begin a'],
    ['none where all have ended well', [{ name: 'a', ...ran('Succeeded') }], true, 'Done'],
  ])('is %s', (_, hooks, again, step) => {
    expect(told(nextHook(readHooks(record(...hooks)), 'pre-install', { again }))).toBe(step);
  });
});

describe('objects of hooks', () => {
  const hookOf = (fields: Readonly<Record<string, unknown>>): Hook => {
    const [hook] = readHooks(record(fields));
    if (hook === undefined) throw new Error('there is one hook');
    return hook;
  };

  it.each([
    ['there is no policy', {}, true],
    ['the policy says so', { delete_policies: ['hook-failed', 'before-hook-creation'] }, true],
    ['there are other policies only', { delete_policies: ['hook-succeeded'] }, false],
    ['it is a CustomResourceDefinition', { kind: 'CustomResourceDefinition' }, false],
  ])('are replaced, or not, where %s', (_, fields, isSo) => {
    expect(isReplaced(hookOf(fields))).toBe(isSo);
  });

  const [ok, bad, both] = [{ delete_policies: ['hook-succeeded'] }, { delete_policies: ['hook-failed'] }, { delete_policies: ['hook-succeeded', 'hook-failed'] }];
  it.each([
    [
      'last first, where all succeeded',
      [
        { name: 'a', ...ok, ...ran('Succeeded') },
        { name: 'b', ...bad, ...ran('Succeeded') },
        { name: 'c', ...both, ...ran('Succeeded') },
      ],
      ['c', 'a'],
    ],
    [
      'the failed one first, then those before it',
      [
        { name: 'a', ...ok, ...ran('Succeeded') },
        { name: 'b', ...both, ...ran('Succeeded') },
        { name: 'c', ...bad, ...ran('Failed') },
        { name: 'd', ...ok },
      ],
      ['c', 'a', 'b'],
    ],
    [
      'only those before it, where the failed one is to stay',
      [
        { name: 'a', ...ok, ...ran('Succeeded') },
        { name: 'b', ...ok, ...ran('Failed') },
      ],
      ['a'],
    ],
    ['never a CustomResourceDefinition', [{ name: 'a', kind: 'CustomResourceDefinition', ...ok, ...ran('Succeeded') }], []],
    ['not the one under way', [{ name: 'a', ...both, ...ran('Running') }], []],
    ['not what ran for another event', [{ name: 'a', ...both, ...ran('Succeeded', 'post-install') }], []],
  ])('go by their policies: %s', (_, hooks, gone) => {
    expect(named(hooksToSweep(readHooks(record(...hooks)), 'pre-install'))).toEqual(gone);
  });

  it('show their output where the policy asks for it', () => {
    const hook = hookOf({ output_log_policies: ['hook-failed'] });
    expect([isOutputWanted(hook, 'Failed'), isOutputWanted(hook, 'Succeeded')]).toEqual([true, false]);
  });

  it('get a name of their own for each run, and the same one again', () => {
    const [first, second] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z'].map((startedAt) => markOf(3, { event: 'pre-upgrade', startedAt, phase: 'Running' }));
    expect(first).toBe('pre-upgrade of revision 3 at 2026-01-01T00:00:00.000Z');
    const name = generatedName('once-', first ?? '');
    expect(name).toMatch(/^once-[0-9a-f]{5}$/);
    expect(generatedName('once-', first ?? '')).toBe(name);
    expect(generatedName('once-', second ?? '')).not.toBe(name);
    expect(generatedName('x'.repeat(70), first ?? '')).toHaveLength(63);
  });
});

describe('the time of a hook', () => {
  const began = Date.parse('2026-01-01T00:00:00.500Z');
  const run = { event: 'pre-install', startedAt: '2026-01-01T00:00:00.500Z', phase: 'Running' as const };

  it.each([
    ['when it began, where nothing is made yet', undefined, 0],
    ['when it began, where its object was made in the same second', began - 500, 0],
    ['when its object was made, where that was late', began + 58_000, 58_000],
    ['when it began, where its object was made after all that time', began + 61_000, 0],
    ['when it began, where the API server does not say', 0, 0],
  ])('counts from %s', (_, madeAt, after) => {
    expect(timeCountsFrom(run, madeAt, 60_000) - began).toBe(after);
  });
});
