import { expect, it } from 'vitest';
import type { Condition } from '../api/conditions.ts';
import { type Dependency, type DependencyVerdict, judgeDependencies } from './dependencies.ts';

const condition = (status: Condition['status'], reason: string): Condition => ({ type: 'Ready', status, reason, message: '', observedGeneration: 2, lastTransitionTime: '' });

const dependency = (more: Partial<Dependency> = {}): Dependency => ({
  generation: 2,
  isBeingDeleted: false,
  isSuspended: false,
  dependsOn: [],
  status: { observedGeneration: 2, conditions: [condition('True', 'UpgradeSucceeded')] },
  ...more,
});

const failed = dependency({ status: { observedGeneration: 2, conditions: [condition('False', 'InstallFailed')] } });
const on = (...dependsOn: readonly string[]): Dependency => dependency({ dependsOn });
const waiting = (why: string): DependencyVerdict => ({ kind: 'Waiting', why });
const cycle = (...chain: readonly string[]): DependencyVerdict => ({ kind: 'Cycle', chain });

it.each<readonly [string, readonly string[], Readonly<Record<string, Dependency>>, DependencyVerdict]>([
  ['lets go what depends on nothing', [], {}, { kind: 'Ready' }],
  ['lets go when all are ready', ['n/a', 'n/b'], { 'n/a': dependency(), 'n/b': dependency() }, { kind: 'Ready' }],
  ['names one that is missing', ['n/a'], {}, waiting('ChartRelease n/a does not exist, or is in a namespace that is not watched')],
  ['names one that is not ready, and why', ['n/a', 'n/b'], { 'n/a': dependency(), 'n/b': failed }, waiting('ChartRelease n/b is not ready (InstallFailed)')],
  ['names one that was never looked at', ['n/a'], { 'n/a': dependency({ status: {} }) }, waiting('ChartRelease n/a has changed and was not looked at since')],
  ['does not take Ready for the spec as it was for Ready', ['n/a'], { 'n/a': dependency({ generation: 3 }) }, waiting('ChartRelease n/a has changed and was not looked at since')],
  [
    'waits for one that is ready, and waits for its turn to follow its tag',
    ['n/a'],
    { 'n/a': dependency({ status: { observedGeneration: 2, conditions: [condition('True', 'RolloutQueued'), { ...condition('True', 'RolloutQueued'), type: 'Reconciling' }] } }) },
    waiting('ChartRelease n/a is not ready (RolloutQueued)'),
  ],
  ['does not wait on what goes', ['n/a'], { 'n/a': dependency({ isBeingDeleted: true }) }, waiting('ChartRelease n/a is being deleted')],
  ['does not know whether what is suspended is as it should be', ['n/a'], { 'n/a': dependency({ isSuspended: true }) }, waiting('ChartRelease n/a is suspended')],
  [
    'names three at most',
    ['n/a', 'n/b', 'n/c', 'n/d', 'n/e'],
    { 'n/a': failed, 'n/b': failed, 'n/c': failed, 'n/d': failed, 'n/e': failed },
    waiting('ChartRelease n/a is not ready (InstallFailed); ChartRelease n/b is not ready (InstallFailed); ChartRelease n/c is not ready (InstallFailed); and 2 more'),
  ],
  ['finds a ChartRelease that depends on itself', ['n/me'], {}, cycle('n/me', 'n/me')],
  ['finds a cycle of two', ['n/a'], { 'n/a': on('n/me') }, cycle('n/me', 'n/a', 'n/me')],
  ['finds the shortest of two cycles', ['n/a', 'n/c'], { 'n/a': on('n/b'), 'n/b': on('n/me'), 'n/c': on('n/me') }, cycle('n/me', 'n/c', 'n/me')],
  ['finds a cycle although all are ready', ['n/a'], { 'n/a': on('n/b'), 'n/b': on('n/me') }, cycle('n/me', 'n/a', 'n/b', 'n/me')],
  ['leaves a cycle of others to them', ['n/a'], { 'n/a': { ...failed, dependsOn: ['n/b'] }, 'n/b': on('n/a') }, waiting('ChartRelease n/a is not ready (InstallFailed)')],
  ['is no cycle where two ways lead to one', ['n/a', 'n/b'], { 'n/a': on('n/c'), 'n/b': on('n/c'), 'n/c': dependency() }, { kind: 'Ready' }],
])('%s', (_name, dependsOn, others, verdict) => {
  expect(judgeDependencies('n/me', dependsOn, (key) => others[key])).toEqual(verdict);
});
