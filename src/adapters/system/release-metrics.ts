import type { Condition } from '../../api/conditions.ts';
import { conditionOf } from '../../core/conditions.ts';
import type { ReleaseIdentity, Releases } from '../../ports/releases.ts';
import { METRICS } from './metric-table.ts';

/** What the releases' series are read from. */
export type ReleaseSource = Pick<Releases, 'keys' | 'get'>;

const DIGEST_DIGITS = 12;

const SERIES = {
  tagalong_release_info: (release) => [line(labelsOf(release, infoOf(release)), 1)],
  tagalong_release_revision: (release) => (release.status.revision === undefined ? [] : [line(labelsOf(release), release.status.revision)]),
  tagalong_release_ready: (release) => [line(labelsOf(release), readyOf(release) === 'True' ? 1 : 0)],
  tagalong_release_condition: (release) => (release.status.conditions ?? []).filter(isNews).map(({ type, status, reason }) => line(labelsOf(release, { type, status, reason }), 1)),
} as const satisfies Readonly<Partial<Record<keyof typeof METRICS, (release: ReleaseIdentity) => readonly string[]>>>;

/**
 * Series of all releases in Prometheus' text format 0.0.4, read from the watch: a release that is gone has none, and a
 * run has nothing to count for them. Written here and not by gauges of prom-client, which take several times as long over
 * thousands of releases, in which nothing else is done.
 */
export const releaseText = (source: ReleaseSource): string => {
  const releases = releasesOf(source);
  return Object.entries(SERIES)
    .map(([name, linesOf]) => headOf(name) + releases.flatMap((release) => linesOf(release).map((rest) => name + rest)).join(''))
    .join('\n');
};

const headOf = (name: string): string => {
  const { help, type } = METRICS[name as keyof typeof SERIES]; // a key of SERIES
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
};

const releasesOf = (source: ReleaseSource): readonly ReleaseIdentity[] =>
  source.keys().flatMap((key) => {
    const seen = source.get(key);
    return seen === undefined ? [] : [seen.release];
  });

const line = (labels: string, value: number): string => `{${labels}} ${value}\n`;

const labelsOf = ({ metadata: { namespace, name } }: ReleaseIdentity, more: Readonly<Record<string, string>> = {}): string => {
  let text = `namespace="${namespace}",name="${name}"`;
  for (const label in more) text += `,${label}="${escaped(more[label] ?? '')}"`;
  return text;
};

const escaped = (value: string): string => (/[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value);

const isNews = ({ type, status }: Condition): boolean => type !== 'Ready' || status !== 'True';

const readyOf = ({ status }: ReleaseIdentity): Condition['status'] => conditionOf(status.conditions, 'Ready')?.status ?? 'Unknown';

const infoOf = (release: ReleaseIdentity): Readonly<Record<string, string>> => {
  const { name: chart = '', version = '', digest = '' } = release.status.chart ?? {};
  const start = digest.indexOf(':') + 1;
  return {
    chart,
    version,
    digest12: digest.slice(start, start + DIGEST_DIGITS),
    ready: readyOf(release),
    suspended: conditionOf(release.status.conditions, 'Suspended')?.status ?? 'False',
  };
};
