import type { Rendered, RenderedObject } from '../../src/ports/renderer.ts';

/** A release as `helm install --output json` prints it; what is empty is left out there. */
interface HelmRelease {
  readonly manifest?: string;
  readonly hooks?: readonly unknown[];
  readonly config?: unknown;
  readonly info: { readonly notes?: string };
  readonly chart: { readonly metadata: unknown; readonly values?: unknown };
}

interface HookRecord {
  readonly path: string;
  readonly manifest: string;
}

/** What `helm template` prints of a release: the manifest, trimmed as Go does, and the hooks. */
export const templateText = (rendered: Rendered): string => {
  const hooks = hooksOf(rendered).map(({ path, manifest }) => `---\n# Source: ${path}\n${manifest}\n`);
  return [`${trimmed(rendered.manifest)}\n`, ...hooks].join('');
};

/** The manifest of each hook as Helm applies it. */
export const hookTexts = (rendered: Rendered): readonly string[] => hooksOf(rendered).map(({ manifest }) => manifest);

const hooksOf = ({ recordParts }: Rendered): readonly HookRecord[] => JSON.parse(recordParts.hooks) as readonly HookRecord[]; // by Helm's own encoder

// Unlike JavaScript, Go does not take a byte order mark for a space, and takes U+0085 for one.
const trimmed = (text: string): string => text.replaceAll(/^(?!\uFEFF)[\s\u0085]+|(?<!\uFEFF)(?:(?!\uFEFF)[\s\u0085])+$/gu, '');

/** Where two texts begin to differ, for people; undefined where they do not. */
export const textDifference = (what: string, ours: string, helms: string): string | undefined => {
  if (ours === helms) return undefined;
  const [mine, theirs] = [ours.split('\n'), helms.split('\n')];
  const at = mine.findIndex((line, index) => line !== theirs[index]);
  const line = at === -1 ? mine.length : at;
  return `${what} differs in line ${line + 1} of ${theirs.length}\n    helm: ${shown(theirs[line], mine[line])}\n    ours: ${shown(mine[line], theirs[line])}`;
};

// The part around the first difference.
const shown = (line: string | undefined, other: string | undefined): string => {
  if (line === undefined) return 'ends there';
  const at = [...line].findIndex((letter, index) => letter !== other?.[index]);
  return JSON.stringify(line.slice(Math.max(0, at - 100), Math.max(0, at) + 200));
};

/** Whether identities, and the JSON byte for byte, are those of Helm's objects. */
export const objectsDifference = (what: string, ours: readonly RenderedObject[], helms: readonly RenderedObject[]): string | undefined =>
  textDifference(what, ours.map(identityOf).join('\n'), helms.map(identityOf).join('\n'));

const identityOf = ({ apiVersion, kind, namespace, name, source, resourcePolicy, json }: RenderedObject): string =>
  `${JSON.stringify([apiVersion, kind, namespace, name, source, resourcePolicy])} ${Buffer.from(json).toString('utf8')}`;

/** How the parts of a release record differ from those of the release that Helm would have recorded; the texts only where nothing is left to chance. */
export const recordDifferences = (rendered: Rendered, printed: string, hasChance: boolean): readonly string[] => {
  const release = JSON.parse(printed) as HelmRelease; // by Helm's own encoder
  const chart = JSON.parse(rendered.recordParts.chart) as HelmRelease['chart'];
  const differences = [
    jsonDifference('recorded config', JSON.parse(rendered.recordParts.config), release.config ?? {}),
    jsonDifference('recorded metadata of the chart', chart.metadata, release.chart.metadata),
    jsonDifference('recorded default values', chart.values ?? {}, release.chart.values ?? {}),
    ...(hasChance ? [] : textDifferences(rendered, release)),
  ];
  return differences.filter((one) => one !== undefined);
};

const textDifferences = (rendered: Rendered, release: HelmRelease): readonly (string | undefined)[] => [
  textDifference('recorded manifest', rendered.manifest, release.manifest ?? ''),
  textDifference('notes', rendered.notes, release.info.notes ?? ''),
  jsonDifference('recorded hooks', JSON.parse(rendered.recordParts.hooks), release.hooks ?? []),
];

const jsonDifference = (what: string, ours: unknown, helms: unknown): string | undefined => textDifference(what, sortedJson(ours), sortedJson(helms));

const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (isTable(part) ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))) : part), 1);

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
