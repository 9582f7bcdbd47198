import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { rssMiBOf } from '../bench/proc.ts';
import { askApi } from '../lab/api.ts';
import type { OwnGround } from '../lab/ground.ts';
import type { PartName } from '../lab/parts.ts';
import { seeded } from '../seeded.ts';
import { Account } from './account.ts';
import { Field, type Finding, type Subject } from './field.ts';
import { becomes, faultsOfOperator, type Report, settles } from './run.ts';
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts';

/** Something that all releases of a lab share the trouble of. */
interface Outage {
  begin(place: Place): Promise<void>;
  end(place: Place): Promise<void>;
  /** Beside the time that beginning and ending take. */
  readonly forMs: number;
  /** Before anything is asked of the operator, and not in the middle. */
  readonly isBefore?: boolean;
  /** What the operator was about to write may be refused, so that the revision fails. */
  readonly mayFail?: boolean;
}

interface Place {
  readonly ground: OwnGround;
  readonly field: Field;
  readonly account: Account;
}

const LONG_MS = 20_000;
/** What waits in a long outage takes no more memory than that. */
const MOST_GROWTH = 0.1;
const FLAPS = 5;
const UP_MS = 2_000;
/** Some are answered by then, some are under way, some have not begun. */
const MOST_HEAD_START_MS = 1_500;
const READY_MS = 60_000;

const kill =
  (part: PartName, by: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT' = 'SIGKILL') =>
  ({ ground }: Place) =>
    ground.lab.signal(part, by);
const start =
  (part: PartName) =>
  ({ ground }: Place) =>
    ground.lab.start(part);

const OUTAGES: Readonly<Record<string, Outage>> = {
  'apiserver-killed': { begin: kill('kube-apiserver'), end: start('kube-apiserver'), forMs: 0 },
  'apiserver-terminated': { begin: kill('kube-apiserver', 'SIGTERM'), end: start('kube-apiserver'), forMs: 0 },
  'apiserver-flaps': { begin: (place) => flap(place), end: start('kube-apiserver'), forMs: 0 },
  'etcd-killed': { begin: kill('etcd'), end: start('etcd'), forMs: 0 },
  'etcd-paused': { begin: kill('etcd', 'SIGSTOP'), end: kill('etcd', 'SIGCONT'), forMs: LONG_MS },
  'etcd-full': { begin: (place) => fill(place), end: (place) => makeRoom(place), forMs: LONG_MS },
  'apiserver-down': { begin: kill('kube-apiserver'), end: start('kube-apiserver'), forMs: LONG_MS },
  'apiserver-away': { begin: kill('kube-apiserver'), end: start('kube-apiserver'), forMs: 3 * LONG_MS },
  'token-revoked': { begin: ({ account }) => account.revoke(), end: async ({ account, field }) => field.site.renewToken(await account.issue()), forMs: 3_000, isBefore: true },
  'rights-removed': { begin: ({ account }) => account.disempower(), end: ({ account }) => account.empower(), forMs: 4_000, mayFail: true },
};

export const OUTAGE_NAMES = Object.keys(OUTAGES);

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
  const findings: Finding[] = [];
  for (const name of OUTAGE_NAMES) {
    const headStartMs = Math.floor(random() * MOST_HEAD_START_MS);
    if (names.includes(name)) findings.push(...(await endure(place, name, headStartMs)));
  }
  return { runs: names.length * SCENARIO_NAMES.length, unmet: [], busiest: undefined, findings: [...findings, ...(await field.close())] };
};

const endure = async (place: Place, name: string, headStartMs: number): Promise<readonly Finding[]> => {
  const { field, ground } = place;
  const outage = OUTAGES[name];
  if (outage === undefined) throw new Error(`there is no outage ${name}`);
  const subjects = SCENARIO_NAMES.map((scenario) => ({ scenario, subject: field.subject(`outage/${name}/${scenario}`) }));
  await Promise.all(subjects.map(({ scenario, subject }) => SCENARIOS[scenario].prepare(field, subject)));
  const act = () => Promise.all(subjects.map(({ scenario, subject }) => SCENARIOS[scenario].act(field, subject)));
  const before = await meter(field);
  if (outage.isBefore !== true) await act().then(() => delay(headStartMs));
  await outage.begin(place);
  if (outage.isBefore === true) await act();
  await delay(outage.forMs);
  const during = await meter(field);
  await outage.end(place);
  await isWhole(ground, outage.forMs >= LONG_MS);
  const endedAt = Date.now();
  const ends = await Promise.allSettled(subjects.map(({ scenario, subject }) => endsRight(field, subject, scenario, outage)));
  const seconds = (during.at - before.at) / 1000;
  console.log(
    `  ${name}: all over ${((Date.now() - endedAt) / 1000).toFixed(1)} s after it; in its ${seconds.toFixed(1)} s ${((during.requests - before.requests) / seconds).toFixed(1)} requests/s; operator ${before.rssMiB.toFixed(0)} MiB before, ${during.rssMiB.toFixed(0)} MiB at its end`,
  );
  const wrong = ends.flatMap((end, at) => (end.status === 'rejected' ? [{ run: subjects[at]?.subject.run ?? name, message: String(end.reason) }] : []));
  const growth = during.rssMiB / before.rssMiB - 1;
  const grown = outage.forMs >= LONG_MS && growth > MOST_GROWTH ? [`the operator's memory has grown by ${Math.round(100 * growth)} %`] : [];
  const faults = [...grown, ...(await faultsOfOperator(field))].map((message) => ({ run: `outage/${name}`, message }));
  return [...wrong, ...faults];
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

/** Resolves when the API server answers. The other clients of it may have fallen into long pauses, which is not ours to wait for. */
const isWhole = async ({ lab }: OwnGround, isLong: boolean): Promise<void> => {
  const access = { server: lab.server, token: lab.token, ca: await readFile(lab.caFile, 'utf8') };
  const isReady = () =>
    askApi(access, 'GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  if (!(await becomes(isReady, READY_MS))) throw new Error(`the API server is not ready ${READY_MS / 1000} s after the outage`);
  if (!isLong) return;
  for (const part of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const) {
    await lab.signal(part, 'SIGKILL');
    await lab.start(part);
  }
};

/** What the operator has asked of the API server so far, and its memory. */
const meter = async ({ site }: Field) => {
  const metrics = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  const counts = [...metrics.matchAll(/^rest_client_requests_total\{[^}]*\} (\d+)$/gm)];
  return { at: Date.now(), requests: counts.reduce((sum, [, count]) => sum + Number(count), 0), rssMiB: rssMiBOf(site.operator.pid) };
};
