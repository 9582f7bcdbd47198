import { median, type RatioFigures, ratioOf, rounded, spreadOf, sum } from './figures.ts';
import type { CpuMs, RssPeak } from './meter.ts';
import type { Phase } from './phase.ts';
import { INTERVAL_SECONDS, type Upgrade } from './phases.ts';

/** All that was measured. */
export interface Results {
  readonly releases: number;
  readonly install: Phase;
  /** Each upgrade with the floor that followed it. */
  readonly pairs: readonly { readonly upgrade: Upgrade; readonly floor: Phase }[];
  readonly values: Phase;
  readonly rest: Phase;
  readonly rss: RssPeak;
}

/** What `JSON=FILE` holds. */
export interface Summary {
  readonly releases: number;
  readonly install: { readonly seconds: number };
  readonly upgrade: { readonly seconds: number; readonly ratio: number; readonly ratioSpread: number; readonly writesPerRelease: number; readonly cpuMsPerRelease: number };
  readonly rssPeakMiB: number;
  readonly rest: { readonly writes: number; readonly reconciles: number; readonly registryRequests: number; readonly cpuPercent: number };
}

/** Most that an upgrade may take, in times of the floor. */
export const RATIO_LIMIT = 1.5;

export const ratioIn = (results: Results): RatioFigures =>
  ratioOf(
    results.pairs.map(({ upgrade, floor }) => ({ upgradeSeconds: upgrade.seconds, floorSeconds: floor.seconds })),
    RATIO_LIMIT,
  );

export const medianOf = <T>(phases: readonly T[], of: (phase: T) => number): number => median(phases.map(of));

/** Writes of the operator; dry runs, Leases and reviews apart. */
export const writesIn = ({ writes }: Phase): number => writes.filter(({ kind }) => kind === 'Write').length;

/** CPU of operator and engines, in ms. */
export const ownCpuMs = ({ cpuMs }: { readonly cpuMs: CpuMs }): number => cpuMs.operator + cpuMs.engines;

/** The summary of all that was measured. */
export const summaryOf = (results: Results): Summary => {
  const { releases, install, pairs, rest, rss } = results;
  const upgrades = pairs.map(({ upgrade }) => upgrade);
  const { ratio, spread } = ratioIn(results);
  return {
    releases,
    install: { seconds: rounded(install.seconds, 2) },
    upgrade: {
      seconds: rounded(
        medianOf(upgrades, ({ seconds }) => seconds),
        2,
      ),
      ratio: rounded(ratio, 2),
      ratioSpread: rounded(spread, 3),
      writesPerRelease: rounded(medianOf(upgrades, writesIn) / releases, 2),
      cpuMsPerRelease: rounded(medianOf(upgrades, ownCpuMs) / releases, 1),
    },
    rssPeakMiB: rounded(rss.together, 0),
    rest: { writes: writesIn(rest), reconciles: rest.runs, registryRequests: rest.registry.length, cpuPercent: rounded(restCpuPercent(rest), 2) },
  };
};

/** CPU of operator and engines at rest, in percent of one core. */
export const restCpuPercent = (rest: Phase): number => ownCpuMs(rest) / (rest.seconds * 10);

/** Requests that a rest may send to the registry: one an interval, which is kept to +-10 %. */
export const restRequestLimit = ({ seconds }: Phase): number => Math.ceil(seconds / (INTERVAL_SECONDS * 0.9));

/** How far the upgrades alone differ: tells a noisy machine from a noisy floor. */
export const upgradeSpread = ({ pairs }: Results): number => spreadOf(pairs.map(({ upgrade }) => upgrade.seconds));

/** Sum of a phase's CPU, in ms. */
export const allCpuMs = ({ cpuMs }: Phase): number => sum(Object.values(cpuMs));
