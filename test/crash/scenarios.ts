import { chartOf, type Ingredients, sameChart } from './charts.ts';
import type { End, Trial } from './trial.ts';

/** What a release is taken through while its operator is killed. */
export const SCENARIOS = [
  'install',
  'upgrade',
  'same-upgrade',
  'hooks',
  'failing-hook',
  'failing-upgrade',
  'failing-rollback',
  'uninstall',
  'crds',
  'adoption',
  'values-meanwhile',
  'tag-meanwhile',
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export interface Scenario {
  /** What is there before. */
  readonly prepare: (trial: Trial) => Promise<void>;
  readonly change: (trial: Trial) => Promise<void>;
  /** What is done once revision 2 is open. */
  readonly meanwhile?: (trial: Trial) => Promise<void>;
  readonly end: End;
}

const TAG = 'stable';

const install =
  (ingredients: Ingredients = {}, spec: Readonly<Record<string, unknown>> = {}) =>
  async (trial: Trial): Promise<void> => {
    await trial.push(TAG, '1.0.0', chartOf('1.0.0', ingredients));
    await trial.apply(spec);
  };

const installed =
  (ingredients: Ingredients = {}, spec: Readonly<Record<string, unknown>> = {}) =>
  async (trial: Trial): Promise<void> => {
    await install(ingredients, spec)(trial);
    await trial.settled({ kind: 'Release', reason: 'InstallSucceeded', records: [[1, 'deployed']] });
  };

/** The tag moves. */
const move =
  (ingredients: Ingredients = {}, version = '2.0.0') =>
  async (trial: Trial): Promise<void> => {
    await trial.push(TAG, version, chartOf(version, ingredients));
    await trial.lookNow();
  };

const UPGRADED: End = {
  kind: 'Release',
  reason: 'UpgradeSucceeded',
  records: [
    [1, 'superseded'],
    [2, 'deployed'],
  ],
};

const UNDONE: End = {
  kind: 'Release',
  reason: 'RolledBack',
  records: [
    [1, 'superseded'],
    [2, 'failed'],
    [3, 'deployed'],
  ],
};

/** The second revision was given up for a third. */
const OVERTAKEN: End = { ...UNDONE, reason: 'UpgradeSucceeded' };

const quick = { timeout: '1s' };

/** The scenarios by name; the second chart drops an object of the first and brings another. */
export const SCENARIO: Readonly<Record<ScenarioName, Scenario>> = {
  install: { prepare: async () => undefined, change: install({ deployment: true }), end: { kind: 'Release', reason: 'InstallSucceeded', records: [[1, 'deployed']] } },
  upgrade: {
    prepare: installed({ deployment: true }, { historyLimit: 1 }),
    change: move({ deployment: true }),
    end: { ...UPGRADED, records: [[2, 'deployed']] },
  },
  'same-upgrade': {
    prepare: async (trial) => {
      await trial.push(TAG, '1.0.0', sameChart('1.0.0'));
      await trial.apply();
      await trial.settled({ kind: 'Release', reason: 'InstallSucceeded', records: [[1, 'deployed']] });
    },
    change: async (trial) => {
      await trial.push(TAG, '2.0.0', sameChart('2.0.0'));
      await trial.lookNow();
    },
    end: UPGRADED,
  },
  hooks: { prepare: installed(), change: move({ hooks: { 'pre-upgrade': 'Succeeds', 'post-upgrade': 'Succeeds' } }), end: UPGRADED },
  'failing-hook': { prepare: installed(), change: move({ hooks: { 'post-upgrade': 'Fails' } }), end: UNDONE },
  'failing-upgrade': {
    prepare: async (trial) => {
      await installed({}, quick)(trial);
      await move({}, '1.1.0')(trial);
      await trial.settled(UPGRADED);
    },
    change: move({ claim: 'Always' }),
    end: {
      ...UNDONE,
      records: [
        [1, 'superseded'],
        [2, 'superseded'],
        [3, 'failed'],
        [4, 'deployed'],
      ],
    },
  },
  'failing-rollback': {
    prepare: installed({ hooks: { 'post-rollback': 'Fails' } }, quick),
    change: move({ claim: 'Always' }),
    end: {
      kind: 'Release',
      reason: 'HookFailed',
      records: [
        [1, 'deployed'],
        [2, 'failed'],
        [3, 'failed'],
      ],
    },
  },
  uninstall: { prepare: installed(), change: (trial) => trial.remove(), end: { kind: 'Gone' } },
  crds: {
    prepare: (trial) => installed({ crdGroup: trial.crdGroup })(trial),
    change: (trial) => move({ crdGroup: trial.crdGroup })(trial),
    end: UPGRADED,
  },
  adoption: {
    prepare: (trial) => trial.installByHelm(chartOf('1.0.0')),
    change: async (trial) => {
      await trial.push(TAG, '2.0.0', chartOf('2.0.0'));
      await trial.apply();
    },
    end: UPGRADED,
  },
  'values-meanwhile': { prepare: installed(), change: move({ claim: 'Values' }), meanwhile: (trial) => trial.apply({ values: { claim: false } }), end: OVERTAKEN },
  'tag-meanwhile': { prepare: installed(), change: move({ claim: 'Always' }), meanwhile: move({}, '3.0.0'), end: OVERTAKEN },
};
