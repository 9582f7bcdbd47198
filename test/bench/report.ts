import { meets, rounded, tally } from './figures.ts';
import { type CpuMs, PARTS } from './meter.ts';
import type { Phase } from './phase.ts';
import { PER_NAMESPACE } from './releases.ts';
import { allCpuMs, medianOf, ownCpuMs, RATIO_LIMIT, type Results, ratioIn, restCpuPercent, restRequestLimit, upgradeSpread, writesIn } from './results.ts';
import { table } from './table.ts';

/** The report for people. */
export const reportOf = (results: Results): string =>
  [
    `${results.releases} releases of one chart on one tag, ${PER_NAMESPACE} a namespace; etcd without fsync; ${results.pairs.length} pairs of upgrade and floor`,
    times(results),
    pairLines(results),
    cpu(results),
    requests(results),
    rest(results),
    verdicts(results),
  ].join('\n\n');

const times = (results: Results): string => {
  const { releases, install, values } = results;
  const row = (name: string, seconds: number) => [name, seconds.toFixed(2), (releases / seconds).toFixed(1)];
  const upgrade = medianOf(results.pairs, (pair) => pair.upgrade.seconds);
  const floor = medianOf(results.pairs, (pair) => pair.floor.seconds);
  return table(
    ['', 'seconds', 'releases/s'],
    [row('install', install.seconds), row('upgrade (median)', upgrade), row('floor (median)', floor), row('values, one object of four', values.seconds)],
  );
};

const pairLines = (results: Results): string => {
  const { ratio, spread, verdict } = ratioIn(results);
  const rows = results.pairs.map(({ upgrade, floor }, index) => [
    `pair ${index + 1}`,
    upgrade.seconds.toFixed(2),
    floor.seconds.toFixed(2),
    (upgrade.seconds / floor.seconds).toFixed(2),
    `${Math.round(upgrade.firstWriteMs)} ms`,
  ]);
  const closing = verdict === 'open' ? 'no verdict: it takes three pairs within 15 %' : `${verdict} <= ${RATIO_LIMIT}`;
  return `${table(['', 'upgrade s', 'floor s', 'ratio', 'poll to first write'], rows)}
ratio ${ratio.toFixed(2)} (median), spread ${percent(spread)}; upgrades alone spread ${percent(upgradeSpread(results))}: ${closing}`;
};

const cpu = (results: Results): string => {
  const { releases, install, values, pairs } = results;
  const row = (name: string, cpuMs: CpuMs) => [name, ...PARTS.map((part) => (cpuMs[part] / releases).toFixed(1))];
  const middle = (of: (pair: Results['pairs'][number]) => Phase): CpuMs =>
    Object.fromEntries(PARTS.map((part) => [part, medianOf(pairs, (pair) => of(pair).cpuMs[part])])) as CpuMs;
  const rows = [
    row('install', install.cpuMs),
    row(
      'upgrade',
      middle(({ upgrade }) => upgrade),
    ),
    row(
      'floor',
      middle(({ floor }) => floor),
    ),
    row('values', values.cpuMs),
  ];
  return `CPU ms a release\n${table(['', ...PARTS], rows)}`;
};

const requests = (results: Results): string => {
  const { releases, install, pairs, values } = results;
  const upgrade = pairs.at(-1)?.upgrade ?? install;
  const list = (title: string, counts: ReadonlyMap<string, number>) =>
    [title, ...[...counts].map(([what, count]) => `  ${perRelease(count, releases).padStart(7)}  ${what}`)].join('\n');
  const sent = (phase: Phase, kind: 'Write' | 'DryRun') =>
    tally(phase.writes.filter((write) => write.kind === kind).map(({ what, status }) => (status < 300 ? what : `${what}: ${status}`)));
  return [
    `requests a release: writes ${[install, upgrade, values].map((phase) => perRelease(writesIn(phase), releases)).join(', ')} and runs ${[install, upgrade, values].map((phase) => perRelease(phase.runs, releases)).join(', ')} (install, upgrade, values)`,
    list('writes of the last upgrade', sent(upgrade, 'Write')),
    list('dry runs of the last upgrade', sent(upgrade, 'DryRun')),
    list('writes of the change of values', sent(values, 'Write')),
    list('reads by anybody, last upgrade', upgrade.reads),
    list('reads by anybody, change of values', values.reads),
    list('writes by others, last upgrade', tally(upgrade.othersWrites.map(({ what }) => what))),
    `registry requests in all: install ${spoken(install)}; last upgrade ${spoken(upgrade)}; values ${spoken(values)}`,
  ].join('\n');
};

const spoken = (phase: Phase): string => [...tally(phase.registry.map(({ what }) => what))].map(([what, count]) => `${count} ${what}`).join(', ') || 'none';

const rest = ({ rest: phase }: Results): string => {
  const written = [...tally(phase.writes.filter(({ kind }) => kind === 'Write').map(({ what }) => what))].map(([what, count]) => `${count} ${what}`).join(', ');
  const renewals = phase.writes.filter(({ kind }) => kind === 'Lease').length;
  return `at rest, ${phase.seconds} s: API writes ${writesIn(phase)}${written && ` (${written})`}, renewals of its Lease ${renewals}, reconciles ${phase.runs}, registry requests ${phase.registry.length} (${spoken(phase)}), CPU ${restCpuPercent(phase).toFixed(2)} % of a core; control plane and all ${(allCpuMs(phase) / (phase.seconds * 10)).toFixed(1)} %`;
};

const verdicts = (results: Results): string => {
  const { releases, pairs, values, rest: still, rss } = results;
  const upgrades = pairs.map(({ upgrade }) => upgrade);
  const upgradeSeconds = medianOf(upgrades, ({ seconds }) => seconds);
  const ratio = ratioIn(results);
  const judged = (name: string, value: number, limit: number, digits = 1) => [name, String(rounded(value, digits)), String(rounded(limit, digits)), meets(value, limit)];
  const rows = [
    ['upgrade time / floor', ratio.ratio.toFixed(2), String(RATIO_LIMIT), ratio.verdict],
    judged('CPU ms a release, operator + engines', medianOf(upgrades, ownCpuMs) / releases, 10),
    judged('peak RSS MiB, operator + engines', rss.together, 300, 0),
    judged('API writes a release', medianOf(upgrades, writesIn) / releases, 9, 2),
    judged('poll to first write, ms (worst)', Math.max(...upgrades.map(({ firstWriteMs }) => firstWriteMs)), 1000, 0),
    judged('change of one object / full upgrade', values.seconds / upgradeSeconds, 0.5, 2),
    judged('at rest: API writes', writesIn(still), 0),
    judged('at rest: reconciles', still.runs, 0),
    judged('at rest: registry requests', still.registry.length, restRequestLimit(still)),
    judged('at rest: % of a core', restCpuPercent(still), 2, 2),
  ];
  const peak = `peak RSS MiB: operator ${Math.round(rss.operator)}, engines ${Math.round(rss.engines)}, together at one moment ${Math.round(rss.together)}`;
  return `${peak}\n\n${table(['figure', 'measured', 'at most', ''], rows)}`;
};

const perRelease = (count: number, releases: number): string => (count / releases).toFixed(2);

const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
