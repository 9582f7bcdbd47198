import { HOOK_RUN, NAME_LABEL, NAMESPACE_LABEL } from '../../src/api/chart-release.ts';
import { isSame, type Live, type Return, type Step, type StoredForeigner, type StoredObject, type StoredRecord, type StoredRelease } from './steps.ts';
import { World } from './world.ts';

/** What must hold of every release at every step of its history, not at its end alone, and of every run of an operator. */
export const INVARIANTS = {
  I1: 'a deployed revision exists from the first success to the uninstall',
  I2: 'revisions strictly increase',
  I3: 'at most one revision of a release is pending, and none is left so',
  I4: 'manifest, chart and values of a revision never change',
  I5: 'Ready=True is said of the newest deployed revision, at the digest that was pushed, and the live objects are as its manifest has them',
  I6: 'every object is as the record of a revision has it: nothing is applied that was not recorded, nothing rendered twice, nothing left behind; what is of no release is not touched',
  I7: 'nothing is written by who does not hold the Lease: no revision is opened in an earlier term than one before it',
  I8: 'observedGeneration and history only go on, and history is bounded',
  I9: 'the release is where it has to be within 30 s of the start of an operator',
  I10: 'at rest nothing is written',
  I11: 'stock helm says of the release what its records say, at every moment',
  I12: 'no secret is in a log, an Event, a status, a metric or the metadata of an object',
  I13: 'a namespace that is deleted is gone within 60 s',
  I14: 'a rollback after a failure brings the deployed revision back: manifest and values byte for byte, and the live objects',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: Invariant;
  /** etcd's revision. */
  readonly at: number;
  readonly release: string;
  readonly message: string;
}

/** What a checker sees at one step. */
interface Sight {
  readonly world: World;
  readonly past: Past;
  readonly release: string;
  readonly step: Step;
  readonly before: Step['now'];
  /** Digest of every chart that was pushed, by release and version: `web 1.0.0`. */
  readonly pushed: ReadonlyMap<string, string>;
}

/** What a release has been through since it was installed. */
interface Past {
  /** Every object of a record since it was installed. */
  readonly recorded: Live[];
  /** What every record had in it, also those that are beyond the history limit by now. */
  readonly bodies: Map<number, string>;
  wasDeployed: boolean;
  highest: number;
  /** The latest in which a revision was opened, by Lease. */
  readonly terms: Map<string, number>;
}

/** Follows a history, given in order, and says where it breaks an invariant. */
export const violationsIn = (steps: readonly Step[], pushed: ReadonlyMap<string, string>): readonly Violation[] => {
  const [world, pasts] = [new World(), new Map<string, Past>()];
  return steps.flatMap((step) => {
    const foreigner = world.foreigner(step.key);
    const { release, before } = world.take(step);
    const touched = touchedForeigner(step, foreigner, world.isInhabited).map((message) => ({ invariant: 'I6', at: step.at, release: 'none', message }) as const);
    if (release === undefined) return touched;
    const past = pasts.get(release) ?? { recorded: [], bodies: new Map(), wasDeployed: false, highest: 0, terms: new Map() };
    pasts.set(release, past);
    const sight = { world, past, release, step, before, pushed };
    const found = CHECKS.flatMap(([invariant, check]) => check(sight).map((message) => ({ invariant, at: step.at, release, message })));
    remember(sight, pasts);
    return [...touched, ...found];
  });
};

const remember = ({ world, past, release, step }: Sight, pasts: Map<string, Past>): void => {
  const isLeaving = world.records(release).some(({ status }) => status.startsWith('uninstall'));
  past.wasDeployed = (past.wasDeployed || world.deployed(release).length > 0) && !isLeaving;
  if (step.kind === 'Record' && step.now !== undefined) {
    const { revision, objects, hooks, body, term } = step.now;
    if (revision > past.highest) past.recorded.push(...objects, ...hooks);
    past.bodies.set(revision, body);
    past.highest = Math.max(past.highest, revision);
    if (term !== undefined) past.terms.set(term.lease, Math.max(past.terms.get(term.lease) ?? 0, term.epoch));
  }
  if (world.release(release) === undefined && world.records(release).length === 0) pasts.delete(release);
};

/** What people have made and no release has, may go when no release is there any more. */
const touchedForeigner = (step: Step, before: StoredForeigner | undefined, isInhabited: boolean): readonly string[] => {
  if (step.kind === 'Foreigner') return step.now.isOurs ? [`${step.now.name} is of no release, and was written`] : [];
  if (before === undefined) return [];
  if (step.now !== undefined) return [`${before.name} was of no release, and is of one now`];
  return isInhabited ? [`${before.name} was of no release, and was deleted`] : [];
};

const isUninstalled = ({ world, release }: Sight): boolean => world.release(release)?.isDeleting ?? true;

const deployedExists = (sight: Sight): readonly string[] =>
  sight.past.wasDeployed && !isUninstalled(sight) && sight.world.deployed(sight.release).length === 0 ? [`none is deployed: ${printRecords(sight)}`] : [];

const revisionsIncrease = ({ past, step, before }: Sight): readonly string[] =>
  step.kind === 'Record' && before === undefined && step.now !== undefined && step.now.revision <= past.highest
    ? [`revision ${step.now.revision} was made after revision ${past.highest}`]
    : [];

const onePending = (sight: Sight): readonly string[] => (sight.world.pending(sight.release).length > 1 ? [`two are pending: ${printRecords(sight)}`] : []);

/** A record says in which term it was made, and keeps that. */
const termsGoOn = ({ past, step, before }: Sight): readonly string[] => {
  if (step.kind !== 'Record' || before !== undefined || step.now?.term === undefined) return [];
  const { revision, term } = step.now;
  const latest = past.terms.get(term.lease) ?? 0;
  return term.epoch < latest ? [`revision ${revision} was opened in term ${term.epoch} of ${term.lease}, after one of term ${latest}`] : [];
};

const contentStays = ({ step, before }: Sight): readonly string[] => {
  if (step.kind !== 'Record' || step.now === undefined || before === undefined) return [];
  const [was, is] = [(before as StoredRecord).content, step.now.content]; // of the same kind of key
  return is === was ? [] : [`the content of revision ${step.now.revision} was changed: ${firstDifference(was, is)}`];
};

const firstDifference = (was: string, is: string): string => {
  const at = [...was].findIndex((character, index) => character !== is[index]);
  const from = Math.max(0, at - SHOWN / 4);
  return `${JSON.stringify(was.slice(from, from + SHOWN))} became ${JSON.stringify(is.slice(from, from + SHOWN))}`;
};

const SHOWN = 120;

/** Whether status says something else than before. */
const isClaim = ({ step, before }: Sight): boolean => step.kind === 'Release' && (before as StoredRelease | undefined)?.status !== step.now?.status; // of the same kind of key

/** What status claims is judged when it is written: the order of writes has it last. While a revision is under way, objects are on their way too. */
const readyIsTrue = (sight: Sight): readonly string[] => {
  const { world, release } = sight;
  const now = world.release(release);
  const newest = world.deployed(release).at(-1);
  if (now === undefined || !now.isReady || now.isDeleting) return [];
  const claims = isClaim(sight) ? claimComplaints(sight, newest) : [];
  // So they are where a revision has failed, until that is reported.
  const isUnderWay = world.pending(release).length > 0 || newest === undefined || world.records(release).some(({ revision }) => revision > newest.revision);
  return isUnderWay ? claims : [...claims, ...liveComplaints(sight, newest)];
};

const claimComplaints = (sight: Sight, newest: StoredRecord | undefined): readonly string[] => {
  const { world, release, pushed } = sight;
  const { revision, digest, reason } = world.release(release) ?? {};
  if (newest === undefined) return ['status says Ready, and no revision is deployed'];
  const wrong: string[] = [];
  // Where it rests, nothing is written: what ended the operator between two marks stays as it is.
  const mostDeployed = reason === 'Suspended' ? 2 : 1;
  if (world.pending(release).length > 0 || world.deployed(release).length > mostDeployed) wrong.push(`status says Ready before all is settled: ${printRecords(sight)}`);
  if (revision !== newest.revision) wrong.push(`status says revision ${revision}, deployed is ${newest.revision}`);
  const digests = [digest, newest.chartDigest, pushed.get(`${release} ${newest.chartVersion}`)];
  if (new Set(digests).size > 1) wrong.push(`digests of status, record and what was pushed differ: ${digests.join(', ')}`);
  return wrong;
};

const liveComplaints = ({ world, release }: Sight, newest: StoredRecord): readonly string[] => {
  const live = world.objects(release).flatMap(({ object }) => (object.metadata.annotations?.[HOOK_RUN] === undefined ? [object] : []));
  const missing = newest.objects.filter((object) => !live.some((one) => isAs(object, one)));
  const surplus = live.filter((object) => !newest.objects.some((one) => isSame(one, object)));
  return [
    ...missing.map((object) => `${print(object)} is not as the manifest of revision ${newest.revision} has it`),
    ...surplus.map((object) => `${print(object)} is there, and not in the manifest of revision ${newest.revision}`),
  ];
};

/** What a record that is gone said of an object is true until another one is applied, as long as that one has the object too. */
const objectsAreRecorded = ({ world, release, past }: Sight): readonly string[] => {
  const recorded = world.records(release).flatMap(({ objects, hooks }) => [...objects, ...hooks]);
  const isRecorded = ({ object }: StoredObject): boolean =>
    recorded.some((one) => isAs(one, object)) || (recorded.some((one) => isSame(one, object)) && past.recorded.some((one) => isAs(one, object)));
  return world.objects(release).flatMap((one) => (isRecorded(one) ? [] : [`${print(one.object)} is as no record has it`]));
};

/** How many revisions there may be beyond the limit: one that is under way, and the one that it undoes. */
const BEYOND_LIMIT = 2;

/**
 * Records that stay beyond the limit besides: an object of the newest revision is known from them, and neither from the one before it nor from the
 * one that is deployed, so that it would have been left behind, had the newest not come about (src/controller/make-room.ts). A record that is not
 * there waits for nothing.
 */
const waitingIn = ({ world, release }: Sight, history: readonly number[]): readonly StoredRecord[] => {
  const records = world.records(release).filter(({ revision }) => history.includes(revision));
  const [newest, last] = [records.find(({ revision }) => revision === history[0]), records.find(({ revision }) => revision === history[1])];
  const staying = [newest, last, ...records.filter(({ status }) => status === 'deployed')];
  const known = staying.slice(1).flatMap((record) => record?.objects ?? []);
  const alone = (newest?.objects ?? []).filter((object) => !known.some((one) => isSame(one, object)));
  return records.filter((record) => !staying.includes(record) && record.objects.some((object) => alone.some((one) => isSame(one, object))));
};

const statusGoesOn = (sight: Sight): readonly string[] => {
  const { step, before } = sight;
  if (step.kind !== 'Release' || step.now === undefined) return [];
  const { observedGeneration, generation, history, historyLimit } = step.now;
  const earlier = before as StoredRelease | undefined; // of the same kind of key
  const wrong: string[] = [];
  if (observedGeneration < (earlier?.observedGeneration ?? 0)) wrong.push(`observedGeneration went from ${earlier?.observedGeneration} to ${observedGeneration}`);
  if (observedGeneration > generation) wrong.push(`observedGeneration ${observedGeneration} is beyond generation ${generation}`);
  if ((history[0] ?? 0) < (earlier?.history[0] ?? 0)) wrong.push(`history went back from revision ${earlier?.history[0]} to ${history[0] ?? 'none'}`);
  if (history.some((revision, at) => revision >= (history[at - 1] ?? Number.POSITIVE_INFINITY))) wrong.push(`history is not in order: ${history.join(', ')}`);
  // What is said on has been looked at when it was said first: its records may go before status is written again.
  const isNew = history.join() !== earlier?.history.join();
  if (isNew && history.length > historyLimit + BEYOND_LIMIT + waitingIn(sight, history).length) wrong.push(`history has ${history.length} entries`);
  return wrong;
};

const returnComplaints = ({ world, past, release }: Sight, { revision, body }: StoredRecord, { kind, to }: Return): readonly string[] => {
  const exact = past.bodies.get(to) === body ? [] : [`revision ${revision} is not what revision ${to} was`];
  const good = world.deployed(release).at(-1)?.revision;
  return kind === 'Failed' && good !== to ? [...exact, `revision ${revision} brings revision ${to} back, and ${good ?? 'none'} is deployed`] : exact;
};

const rollbackIsExact = (sight: Sight): readonly string[] => {
  const { world, release, step, before } = sight;
  if (step.kind === 'Record' && before === undefined && step.now?.returns !== undefined) return returnComplaints(sight, step.now, step.now.returns);
  if (step.kind !== 'Release' || step.now?.reason !== 'RolledBack' || step.now.isDeleting || !isClaim(sight)) return [];
  const newest = world.deployed(release).at(-1);
  const isSettled = newest?.returns !== undefined && newest.revision === step.now.revision;
  // The next revision is under way, and status does not say so in its first moments.
  if (isSettled && world.pending(release).length > 0) return [];
  return isSettled ? liveComplaints(sight, newest) : [`status says RolledBack at revision ${step.now.revision}: ${printRecords(sight)}`];
};

const CHECKS: readonly (readonly [Invariant, (sight: Sight) => readonly string[]])[] = [
  ['I1', deployedExists],
  ['I2', revisionsIncrease],
  ['I3', onePending],
  ['I4', contentStays],
  ['I5', readyIsTrue],
  ['I6', objectsAreRecorded],
  ['I7', termsGoOn],
  ['I8', statusGoesOn],
  ['I14', rollbackIsExact],
];

/** Whether a live object is as a manifest has it: all that this says of it is so, and nothing is left where the chart alone puts something. */
const isAs = (wanted: Live, live: Live): boolean =>
  isPart(wanted, live) && namesIn(live['data']).every((name) => namesIn(wanted['data']).includes(name)) && isLabelledAs(wanted.metadata, live.metadata);

const namesIn = (map: unknown): readonly string[] => Object.keys(map ?? {});

const isLabelledAs = (wanted: Live['metadata'], live: Live['metadata']): boolean =>
  namesIn(live.labels).every((label) => OWN_LABELS.includes(label) || namesIn(wanted.labels).includes(label));

/** By which the operator, and helm, know what is theirs. */
const OWN_LABELS: readonly string[] = [NAME_LABEL, NAMESPACE_LABEL, 'app.kubernetes.io/managed-by'];

/** Whether everything that the manifest says is so; the API server and controllers add to it. */
const isPart = (wanted: unknown, live: unknown): boolean => {
  if (typeof wanted !== 'object' || wanted === null) return wanted === live;
  if (typeof live !== 'object' || live === null || Array.isArray(wanted) !== Array.isArray(live)) return false;
  if (Array.isArray(wanted) && wanted.length !== (live as unknown[]).length) return false;
  return Object.entries(wanted).every(([key, value]) => isPart(value, (live as Record<string, unknown>)[key]));
};

const print = ({ kind, metadata }: Live): string => `${kind} ${metadata.name}`;

const printRecords = ({ world, release }: Sight): string =>
  world
    .records(release)
    .map(({ revision, status }) => `${revision} ${status}`)
    .join(', ') || 'there is no record';
