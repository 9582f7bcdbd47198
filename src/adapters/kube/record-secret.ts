import { GROUP, TRIGGERS } from '../../api/chart-release.ts';
import { lookupsNote } from '../../core/lookup.ts';
import type { NewRecord, RecordChange, RecordHead, RecordStatus, ReleaseAddress, RenderedFor, Return, RevisionNotes, Term } from '../../ports/records.ts';
import { fieldsOf, hasWritten, lastWriteOf, metadataOf, textOf } from './kube-object.ts';

/** Type of Helm's release Secrets. */
export const RECORD_TYPE = 'helm.sh/release.v1';

/** Annotation of a record that was found unreadable: why. */
export const DAMAGE = `${GROUP}/damage`;

/** Name of a revision's Secret, as Helm names it. */
export const secretNameOf = (releaseName: string, revision: number): string => `sh.helm.release.v1.${releaseName}.v${revision}`;

/** Helm's six labels, and no others: a person's `helm rollback` copies labels into the record that it makes. */
export const newLabels = (address: ReleaseAddress, record: NewRecord, nowSeconds: number): Readonly<Record<string, string>> => ({
  createdAt: String(nowSeconds),
  name: address.releaseName,
  owner: 'helm',
  status: record.status,
  version: String(record.revision),
});

/** Selects all records of a release. */
export const recordSelector = (address: ReleaseAddress): string => `owner=helm,name=${address.releaseName}`;

/** The head of a record from its Secret's metadata; undefined where that is no record of the release. */
export const headOf = (address: ReleaseAddress, secret: unknown): RecordHead | undefined => {
  const { name, labels, annotations, resourceVersion, creationTimestamp } = metadataOf(secret);
  const revision = revisionOf(address, name);
  if (revision === undefined) return undefined;
  const term = termOf(annotations);
  const createdAt = wholeOf(labels['createdAt']) ?? Math.floor(Date.parse(creationTimestamp) / 1000);
  return {
    secret: name,
    revision,
    resourceVersion,
    createdAt,
    status: statusOf(labels['status']),
    modifiedAt: Math.floor(lastWriteOf(secret) / 1000),
    endedAt: wholeOf(annotations[ENDED_AT]),
    ...(annotations[IMPRINTS] !== undefined && { imprints: annotations[IMPRINTS] }),
    notes: notesOf(annotations),
    ...(term !== undefined && { term }),
    ...(annotations[DAMAGE] !== undefined && { damage: annotations[DAMAGE] }),
    ...(!hasWritten(secret, ['f:data', 'f:release']) && { isTouched: true }),
  };
};

const revisionOf = (address: ReleaseAddress, secret: string): number | undefined => {
  const prefix = secretNameOf(address.releaseName, 0).slice(0, -1);
  const digits = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  return /^[1-9]\d{0,9}$/.test(digits) ? Number(digits) : undefined;
};

const STATUSES: readonly string[] = [
  'unknown',
  'deployed',
  'uninstalled',
  'superseded',
  'failed',
  'uninstalling',
  'pending-install',
  'pending-upgrade',
  'pending-rollback',
] satisfies readonly RecordStatus[];

const statusOf = (label: string | undefined): RecordStatus => (label !== undefined && STATUSES.includes(label) ? (label as RecordStatus) : 'unknown');

/** A whole number that is not below 0: seconds, an attempt, an epoch. */
const wholeOf = (label: string | undefined): number | undefined => (label !== undefined && /^\d{1,12}$/.test(label) ? Number(label) : undefined);

const NOTE_KEYS = {
  uid: 'uid',
  chartRelease: 'chart-release',
  generation: 'generation',
  reference: 'reference',
  chartDigest: 'chart-digest',
  valuesDigest: 'values-digest',
  chartName: 'chart-name',
  chartVersion: 'chart-version',
  appVersion: 'app-version',
  action: 'action',
  trigger: 'trigger',
  attempt: 'attempt',
  request: 'request',
} as const satisfies Record<Exclude<keyof RevisionNotes, 'returns' | 'tag'>, string>;

/** The tag that a range chose, where there is a range. */
const TAG = `${GROUP}/tag`;

/** JSON of `returns`, where there is one. */
const RETURNS = `${GROUP}/returns`;

/** Who led when it was opened. */
const LEASE = `${GROUP}/lease`;
const EPOCH = `${GROUP}/epoch`;
/** Whoever may write Secrets may write any: those that come after it still have to fit into `leaseTransitions`, an int32. */
const MAX_EPOCH = 1_000_000_000;

/** For people alone: what it was rendered for, and JSON of what its templates looked up. */
const KUBE_VERSION = `${GROUP}/kube-version`;
const LOOKUPS = `${GROUP}/lookups`;

/** Seconds since the epoch: when a revision was closed as deployed or failed. */
const ENDED_AT = `${GROUP}/ended-at`;
const IMPRINTS = `${GROUP}/imprints`;

/** Annotations that keep our notes. */
export const annotationsOf = (notes: RevisionNotes): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(NOTE_KEYS).map(([field, key]) => [`${GROUP}/${key}`, String(notes[field as keyof typeof NOTE_KEYS])])),
  ...(notes.tag !== undefined && { [TAG]: notes.tag }),
  ...(notes.returns !== undefined && { [RETURNS]: JSON.stringify(notes.returns) }),
});

/** Annotations that say who led when a revision was opened. */
export const annotationsOfTerm = (term: Term | undefined): Readonly<Record<string, string>> => (term === undefined ? {} : { [LEASE]: term.lease, [EPOCH]: String(term.epoch) });

/** Annotations that say what a revision was rendered for. */
export const annotationsFor = (renderedFor: RenderedFor | undefined): Readonly<Record<string, string>> => ({
  ...(renderedFor !== undefined && { [KUBE_VERSION]: renderedFor.kubeVersion }),
  ...(renderedFor !== undefined && renderedFor.lookups.length > 0 && { [LOOKUPS]: lookupsNote(renderedFor.lookups) }),
});

/** Annotations that a change of status brings along. */
export const annotationsAtEnd = ({ status, imprints }: Pick<RecordChange, 'status' | 'imprints'>, nowSeconds: number): Readonly<Record<string, string | null>> => ({
  ...(ENDS.includes(status) && { [ENDED_AT]: String(nowSeconds) }),
  // What a record has of a time when it was deployed goes with it.
  [IMPRINTS]: imprints ?? null,
});

const ENDS: readonly RecordStatus[] = ['deployed', 'failed'];

/** Our notes from a record's annotations; undefined where one of them, but for the name, is missing or makes no sense. */
const notesOf = (annotations: Readonly<Record<string, string>>): RevisionNotes | undefined => {
  const text = (field: keyof typeof NOTE_KEYS) => annotations[`${GROUP}/${NOTE_KEYS[field]}`];
  const [uid, reference, chartDigest, valuesDigest] = [text('uid'), text('reference'), text('chartDigest'), text('valuesDigest')];
  const [chartName, chartVersion, appVersion] = [text('chartName'), text('chartVersion'), text('appVersion')];
  const [generation, action, trigger] = [wholeOf(text('generation')), text('action'), text('trigger')];
  if (!uid || !reference || chartDigest === undefined || valuesDigest === undefined || chartName === undefined || chartVersion === undefined || appVersion === undefined)
    return undefined;
  if (generation === undefined || !isAction(action) || !isTrigger(trigger)) return undefined;
  const attempt = wholeOf(text('attempt')) ?? 1;
  const returns = returnOf(annotations[RETURNS]);
  return {
    uid,
    chartRelease: text('chartRelease') ?? '',
    generation,
    reference,
    ...(annotations[TAG] !== undefined && { tag: annotations[TAG] }),
    chartDigest,
    valuesDigest,
    chartName,
    chartVersion,
    appVersion,
    action,
    trigger,
    attempt,
    request: text('request') ?? '',
    returns,
  };
};

const termOf = (annotations: Readonly<Record<string, string>>): Term | undefined => {
  const [lease, epoch] = [annotations[LEASE], wholeOf(annotations[EPOCH])];
  return lease === undefined || epoch === undefined || epoch > MAX_EPOCH ? undefined : { lease, epoch };
};

/** A note that makes no sense is none: the revision counts as one that was rendered. */
const returnOf = (json: string | undefined): Return | undefined => {
  const { kind, to, failed } = fieldsOf(parsed(json));
  if (typeof to !== 'number') return undefined;
  if (kind === 'Pinned') return { kind, to };
  const { revision, generation, reference, chartDigest, valuesDigest, attempt, why } = fieldsOf(failed);
  if (kind !== 'Failed' || typeof revision !== 'number' || typeof generation !== 'number' || typeof attempt !== 'number') return undefined;
  return {
    kind,
    to,
    failed: { revision, generation, reference: textOf(reference), chartDigest: textOf(chartDigest), valuesDigest: textOf(valuesDigest), attempt, why: textOf(why) },
  };
};

const parsed = (json: string | undefined): unknown => {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    return undefined;
  }
};

const isAction = (text: string | undefined): text is RevisionNotes['action'] => text === 'install' || text === 'upgrade' || text === 'rollback';

const isTrigger = (text: string | undefined): text is RevisionNotes['trigger'] => TRIGGERS.some((trigger) => trigger === text);
