import type { helm, LabAccess } from '../lab/run.ts';
import { isSame, type Live, type StoredRecord } from './steps.ts';

/** What stock helm says of a release, as JSON and as text; where it fails, why. */
export interface HelmView {
  readonly helm: string;
  readonly list: string;
  readonly status: string;
  readonly history: string;
  readonly manifest: string;
}

/** Where stock helm sees something else than what the records are. */
export const helmComplaints = (release: string, records: readonly StoredRecord[], view: HelmView): readonly string[] => {
  const newest = records.at(-1);
  const wrong = (what: string, said: string, is: string): readonly string[] => (said === is ? [] : [`${view.helm} ${what} says ${said}, and it is ${is}`]);
  const listed = parsed<readonly Listed[]>(view.list, []).find(({ name }) => name === release);
  const history = parsed<readonly Listed[]>(view.history, []).map(({ revision, status }) => `${revision} ${status}`);
  const status = parsed<Stated>(view.status, {});
  if (newest === undefined) return wrong('list', listed === undefined ? 'nothing' : printListed(listed), 'nothing');
  const stands = `${newest.revision} ${newest.status}`;
  return [
    ...wrong('list', listed === undefined ? 'nothing' : printListed(listed), stands),
    ...wrong('status', `${status.version} ${status.info?.status}`, stands),
    ...wrong('history', history.join(', ') || view.history, records.map((record) => `${record.revision} ${record.status}`).join(', ')),
    ...(view.manifest.trim() === newest.manifest.trim()
      ? []
      : [`${view.helm} get manifest says something else than revision ${newest.revision} has: ${view.manifest.slice(0, 200)}`]),
  ];
};

/** What a person does to a release by helm. */
export type HelmDeed = 'rollback' | 'uninstall';

/** The revision that a person goes back to. */
export const BACK_TO = '1';

/**
 * What is wrong about a deed, by the records before and after it, and why helm says that it failed. Both work whatever the operator was at; only
 * what is not there can neither be brought back nor be uninstalled.
 */
export const deedComplaints = (deed: HelmDeed, before: readonly StoredRecord[], after: readonly StoredRecord[], failure: string | undefined): readonly string[] => {
  const target = before.find(({ revision }) => deed === 'uninstall' || String(revision) === BACK_TO);
  if (target === undefined) return failure === undefined ? [`${deed} works, and there is nothing to do it to`] : [];
  if (failure !== undefined) return [`${deed} fails at ${printAll(before)}: ${failure}`];
  if (deed === 'uninstall') return after.length === 0 ? [] : [`records are left by an uninstall: ${printAll(after)}`];
  const [highest, newest] = [before.at(-1)?.revision ?? 0, after.at(-1)];
  const isBack = newest?.revision === highest + 1 && newest.status === 'deployed' && newest.manifest.trim() === target.manifest.trim();
  return isBack ? [] : [`a rollback to revision ${BACK_TO} made ${printAll(after)} of ${printAll(before)}`];
};

/**
 * What helm's uninstall leaves behind and nobody knows of afterwards, by the records before it: it deletes the objects of the newest
 * record and then every record, so that what only an older one has stays. Of the deployed revision's objects the ChartRelease still tells.
 */
export const leavingsOf = (before: readonly StoredRecord[]): readonly Live[] => {
  const objectsOf = (records: readonly StoredRecord[]): readonly Live[] => records.flatMap(({ objects }) => objects);
  const known = objectsOf(before.filter((record) => record === before.at(-1) || record.status === 'deployed'));
  return objectsOf(before).filter((object) => !known.some((one) => isSame(one, object)));
};

const printAll = (records: readonly StoredRecord[]): string => records.map(({ revision, status }) => `${revision} ${status}`).join(', ') || 'no record';

interface Listed {
  readonly name: string;
  readonly revision: number | string;
  readonly status: string;
}

interface Stated {
  readonly version?: number;
  readonly info?: { readonly status: string };
}

const printListed = ({ revision, status }: Listed): string => `${revision} ${status}`;

const parsed = <T>(json: string, otherwise: T): T => {
  try {
    return JSON.parse(json) as T; // helm's own shape
  } catch {
    return otherwise;
  }
};

/** One of the helms, and what has its list show releases of any status. */
export interface StockHelm {
  readonly name: string;
  readonly run: typeof helm;
  readonly all: readonly string[];
}

/** Asks a helm for all that it knows of a release. */
export const viewOf = async (lab: LabAccess, { name, run, all }: StockHelm, namespace: string, release: string): Promise<HelmView> => {
  const say = (...args: readonly string[]): Promise<string> =>
    run(lab, [...args, '--namespace', namespace]).then(
      ({ stdout }) => stdout,
      (error: unknown) => String(error),
    );
  const [list, status, history, manifest] = await Promise.all([
    say('list', ...all, '--output', 'json'),
    say('status', release, '--output', 'json'),
    say('history', release, '--output', 'json'),
    say('get', 'manifest', release),
  ]);
  return { helm: name, list, status, history, manifest };
};
