import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { askApi } from '../lab/api.ts';
import type { OwnGround } from '../lab/ground.ts';
import type { PartName } from '../lab/parts.ts';
import { seeded } from '../seeded.ts';
import { Account } from './account.ts';
import { Field, type Subject } from './field.ts';
import { askedBy, endedBetween, withPeak } from './meter.ts';
import { becomes, faultsOfOperator, joined, type Report, settles } from './run.ts';
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts';

/** Something that all releases of a lab share the trouble of. */
interface Outage {
  begin(place: Place): Promise<void>;
  end(place: Place): Promise<void>;
  /** Beside the time that beginning and ending take. */
  readonly forMs: number;
  /** It is the operator's alone: the other clients of the API server notice nothing. */
  readonly isOwn?: boolean;
  /** Before anything is asked of the operator, and not in the middle. */
  readonly isBefore?: boolean;
  /** What the operator was about to write may be refused, so that the revision fails. */
  readonly mayFail?: boolean;
  /** Whether an answer with this code is one that the operator gets in nothing but such an outage. */
  readonly isSign: (code: string) => boolean;
  /** It may also be that nothing fails, and requests wait until it has ended. */
  readonly holds?: boolean;
}

interface Place {
  readonly ground: OwnGround;
  readonly field: Field;
  readonly account: Account;
}

const LONG_MS = 20_000;
/** What waits in a long outage takes no more memory than that. */
const MOST_GROWTH = 0.1;
const WARM_ROUNDS = 5;
const FLAPS = 5;
const UP_MS = 2_000;
/** The quickest may be over by then, some are under way, some have not begun. */
const MOST_HEAD_START_MS = 400;
const READY_MS = 60_000;

const kill =
  (part: PartName, by: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT' = 'SIGKILL') =>
  ({ ground }: Place) =>
    ground.lab.signal(part, by);
const start =
  (part: PartName) =>
  ({ ground }: Place) =>
    ground.lab.start(part);

const isUnanswered = (code: string): boolean => code === '<error>';
const isUnserved = (code: string): boolean => isUnanswered(code) || code.startsWith('5');

const OUTAGES: Readonly<Record<string, Outage>> = {
  // A little longer than at once: a watch that breaks is opened anew after a moment, and must not find all as it was.
  'apiserver-killed': { begin: kill('kube-apiserver'), end: start('kube-apiserver'), forMs: 2_000, isSign: isUnanswered },
  'apiserver-terminated': { begin: kill('kube-apiserver', 'SIGTERM'), end: start('kube-apiserver'), forMs: 0, isSign: isUnanswered },
  'apiserver-flaps': { begin: (place) => flap(place), end: start('kube-apiserver'), forMs: 0, isSign: isUnanswered },
  // Longer than the revision that never becomes ready has, so that something has to be written in that time however quick the machine is.
  // The lab's etcd does not call fsync. That is no matter here: what a process has written before it is killed is the kernel's, and etcd answers no sooner.
  'etcd-killed': { begin: kill('etcd'), end: start('etcd'), forMs: 3_000, isSign: isUnserved, holds: true },
  'etcd-away': { begin: kill('etcd'), end: start('etcd'), forMs: LONG_MS, isSign: isUnserved, holds: true },
  'etcd-paused': { begin: kill('etcd', 'SIGSTOP'), end: kill('etcd', 'SIGCONT'), forMs: LONG_MS, isSign: isUnserved, holds: true },
  'etcd-full': { begin: (place) => fill(place), end: (place) => makeRoom(place), forMs: LONG_MS, isSign: isUnserved },
  'apiserver-down': { begin: kill('kube-apiserver'), end: start('kube-apiserver'), forMs: LONG_MS, isSign: isUnanswered },
  'apiserver-away': { begin: kill('kube-apiserver'), end: start('kube-apiserver'), forMs: 3 * LONG_MS, isSign: isUnanswered },
  'token-revoked': {
    begin: ({ account }) => account.revoke(),
    end: async ({ account, field }) => field.site.renewToken(await account.issue()),
    forMs: 3_000,
    isOwn: true,
    isBefore: true,
    isSign: (code) => code === '401',
  },
  'rights-removed': {
    begin: ({ account }) => account.disempower(),
    end: ({ account }) => account.empower(),
    forMs: 4_000,
    isOwn: true,
    mayFail: true,
    isSign: (code) => code === '403',
  },
};

export const OUTAGE_NAMES = Object.keys(OUTAGES);

const isLong = (outage: Outage | undefined): boolean => outage !== undefined && outage.forMs >= LONG_MS;

const flap = async (place: Place): Promise<void> => {
  for (let times = 1; times < FLAPS; times += 1) {
    await kill('kube-apiserver')(place);
    await start('kube-apiserver')(place);
    await delay(UP_MS);
  }
  await kill('kube-apiserver')(place);
};

/** etcd's quota is below what is stored: every write raises its alarm, and is refused. */
const fill = async (place: Place): Promise<void> => {
  await kill('etcd')(place);
  await place.ground.lab.start('etcd', ['--quota-backend-bytes=1048576']);
};

const makeRoom = async (place: Place): Promise<void> => {
  await kill('etcd')(place);
  await start('etcd')(place);
  const isDisarmed = () => disarm(place.ground.lab.etcd).catch(() => false);
  if (!(await becomes(isDisarmed, READY_MS))) throw new Error("etcd's alarm NOSPACE cannot be taken back");
};

/** Takes back all alarms; whether there are none any more. */
const disarm = async (etcd: string): Promise<boolean> => {
  const ask = async (body: object) => (await fetch(`${etcd}/v3/maintenance/alarm`, { method: 'POST', body: JSON.stringify(body) })).json();
  const { alarms = [] } = (await ask({ action: 'GET' })) as { readonly alarms?: readonly object[] }; // etcd's own shape
  for (const alarm of alarms) await ask({ action: 'DEACTIVATE', ...alarm });
  return alarms.length === 0;
};

/** All scenarios at once in each outage, with one operator for all of them. */
export const outageReport = async (ground: OwnGround, seed: number, names: readonly string[]): Promise<Report> => {
  const account = await Account.open(ground.lab, 'faults-operator');
  const field = await Field.openDirect(ground, 'outages', await account.issue());
  const place = { ground, field, account };
  const random = seeded(seed);
  const reports: Report[] = [];
  if (names.some((name) => isLong(OUTAGES[name]))) await warmUp(field);
  for (const name of OUTAGE_NAMES) {
    const headStartMs = Math.floor(random() * MOST_HEAD_START_MS);
    if (names.includes(name)) reports.push(await endure(place, name, headStartMs));
  }
  return joined([...reports, { runs: 0, unmet: [], busiest: undefined, findings: await field.close() }]);
};

/** A process that is new takes more memory every time that it does the same, with nothing wrong at all: a fifth more in half a minute. */
const warmUp = async (field: Field): Promise<void> => {
  for (let round = 1; round <= WARM_ROUNDS; round += 1) {
    await Promise.all(
      SCENARIO_NAMES.map(async (scenario) => {
        const { prepare, act, isOver, revisions } = SCENARIOS[scenario];
        const subject = field.subject(`undisturbed/${scenario}`);
        subject.revisions = revisions;
        await prepare(field, subject);
        await act(field, subject);
        await settles(field, subject, () => isOver(field, subject));
      }),
    );
  }
};

const endure = async (place: Place, name: string, headStartMs: number): Promise<Report> => {
  const { field } = place;
  const outage = OUTAGES[name];
  if (outage === undefined) throw new Error(`there is no outage ${name}`);
  const subjects = SCENARIO_NAMES.map((scenario) => ({ scenario, subject: field.subject(`outage/${name}/${scenario}`) }));
  // Nothing disturbs this: the most memory that it takes is what the operator's is measured by.
  const usual = await withPeak(field, () => Promise.all(subjects.map(({ scenario, subject }) => SCENARIOS[scenario].prepare(field, subject))));
  const { value: course, peakMiB } = await withPeak(field, () => goThrough(place, outage, { subjects, headStartMs }));
  const { underWay, before, during, atEnd, over } = course;
  const [failed, held] = [endedBetween(before, atEnd, outage.isSign), over.held - before.held];
  const isMet = underWay > 0 && failed + (outage.holds === true ? held : 0) > 0;
  const seconds = (during.at - before.at) / 1000;
  console.log(
    `  ${name}: all over ${((over.at - atEnd.at) / 1000).toFixed(1)} s after it; in its ${seconds.toFixed(1)} s ${(endedBetween(before, during) / seconds).toFixed(1)} requests/s; ${underWay} of ${subjects.length} releases under way, ${failed} requests failed by it, ${held} took longer than a second; operator ${usual.peakMiB.toFixed(0)} MiB at most before it, ${peakMiB.toFixed(0)} MiB since`,
  );
  const wrong = course.ends.flatMap((end, at) => (end.status === 'rejected' ? [{ run: subjects[at]?.subject.run ?? name, message: String(end.reason) }] : []));
  const growth = peakMiB / usual.peakMiB - 1;
  const grown = isLong(outage) && growth > MOST_GROWTH ? [`the operator's memory has grown by ${Math.round(100 * growth)} %`] : [];
  const faults = [...grown, ...(await faultsOfOperator(field))].map((message) => ({ run: `outage/${name}`, message }));
  const unmet = isMet ? [] : subjects.map(({ subject }) => ({ name: subject.run }));
  return { runs: subjects.length - unmet.length, unmet, busiest: undefined, findings: [...wrong, ...faults] };
};

interface Sufferer {
  readonly scenario: ScenarioName;
  readonly subject: Subject;
}

/**
 * From before the outage until all is over. What counts for that is the time from when the API server says that it is ready, with what was done
 * taken back: its own start is part of the outage, and that of its other clients, which health waits for, is not.
 */
const goThrough = async (place: Place, outage: Outage, { subjects, headStartMs }: { readonly subjects: readonly Sufferer[]; readonly headStartMs: number }) => {
  const { field, ground } = place;
  const act = () => Promise.all(subjects.map(({ scenario, subject }) => SCENARIOS[scenario].act(field, subject)));
  const before = await askedBy(field);
  if (outage.isBefore !== true) await act().then(() => delay(headStartMs));
  const isOver = await Promise.all(subjects.map(({ scenario, subject }) => SCENARIOS[scenario].isOver(field, subject)));
  await outage.begin(place);
  if (outage.isBefore === true) await act();
  await delay(outage.forMs);
  const during = await askedBy(field);
  await outage.end(place);
  await isReady(ground);
  const atEnd = await askedBy(field);
  const settled = async () => {
    const ends = await Promise.allSettled(subjects.map(({ scenario, subject }) => endsRight(field, subject, scenario, outage)));
    return { ends, over: await askedBy(field) };
  };
  const [end] = await Promise.all([settled(), outage.isOwn !== true && wakeOthers(ground)]);
  return { underWay: isOver.filter((one) => !one).length, before, during, atEnd, ...end };
};

const endsRight = async (field: Field, subject: Subject, scenario: ScenarioName, { mayFail = false }: Outage): Promise<void> => {
  const { isOver, revisions } = SCENARIOS[scenario];
  subject.revisions = revisions;
  await settles(field, subject, async () => {
    if (await isOver(field, subject)) return true;
    if (!mayFail || revisions.length !== 2 || !(await field.isUndoneBy(subject, 3))) return false;
    subject.revisions = [1, 2, 3];
    return true;
  });
};

/** Resolves when the API server says that it is ready. */
const isReady = async ({ lab }: OwnGround): Promise<void> => {
  const access = { server: lab.server, token: lab.token, ca: await readFile(lab.caFile, 'utf8') };
  const saysSo = () =>
    askApi(access, 'GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  if (!(await becomes(saysSo, READY_MS))) throw new Error(`the API server is not ready ${READY_MS / 1000} s after the outage`);
};

/**
 * The other clients of the API server may have fallen into pauses longer than the operator has, or have given something up: kwok does not try a
 * Pod again whose status was refused with a 500.
 */
const wakeOthers = async ({ lab }: OwnGround): Promise<void> => {
  for (const part of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const) {
    await lab.signal(part, 'SIGKILL');
    await lab.start(part);
  }
};
