import type { SeenCall } from '../lab/steering.ts';
import type { WatchEvent } from '../lab/watch-pipe.ts';
import { seeded } from '../seeded.ts';
import { type Field, isOf, type Subject } from './field.ts';
import { becomes, type Run, settles } from './run.ts';
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts';

/**
 * The three patterns of Sieve (OSDI'22): a controller that sees a state of the past, that misses one, and that is restarted in the middle.
 */

/** Later than any of our own writes takes. */
const STALE_MS = 3_000;
/** So long the next event may take to tell what a dropped one would have. */
const MISSED_MS = 5_000;
const MOST_KILL_DELAY_MS = 30;
/** An object is sent once for a revision; once more where the run was repeated, which changes nothing. */
const MOST_APPLIES = 2;

/** What the watches say comes late in each scenario; and lists are as they were before, too. */
export const staleRuns = (): readonly Run[] =>
  SCENARIO_NAMES.flatMap(
    (name) =>
      [
        { name: `stale/${name}/watches`, go: (field, subject) => seeLate(field, subject, name, false) },
        { name: `stale/${name}/lists`, go: (field, subject) => seeLate(field, subject, name, true) },
      ] satisfies Run[],
  );

const seeLate = async (field: Field, subject: Subject, name: ScenarioName, hasOldLists: boolean) => {
  const { prepare, act, isOver, revisions } = SCENARIOS[name];
  const { proxy } = field;
  subject.revisions = revisions;
  await prepare(field, subject);
  const steered = proxy.steer({ isMeant: ({ verb }) => hasOldLists && verb === 'list', fault: { kind: 'Stale' } });
  if (hasOldLists) await field.relist();
  let late = 0;
  const endEdit = proxy.edit(({ object, line }) => ({
    text: `${line}\n`,
    delayMs: STALE_MS,
    passed: () => {
      if (isOf(subject, object)) late += 1;
    },
  }));
  const [before, oldLists] = [proxy.passed.length, steered.strikes()];
  await act(field, subject);
  if (hasOldLists) {
    await field.relist();
    // Those of before the scenario: they are old by now. It may be over already.
    await becomes(async () => steered.strikes() > oldLists, MISSED_MS);
  }
  // The fault is that it is late, for as long as it takes; so a little longer than otherwise.
  const isInTime = await becomes(() => isOver(field, subject), 2 * MISSED_MS + 10 * STALE_MS);
  endEdit();
  steered.lift();
  if (!isInTime) await settles(field, subject, () => isOver(field, subject));
  checkApplies(proxy.passed.slice(before), subject);
  return (hasOldLists ? steered.strikes() > oldLists : late > 0) ? 'Met' : 'Unmet';
};

const checkApplies = (passed: Field['proxy']['passed'], { release, revisions }: Subject): void => {
  const counts = new Map<string, number>();
  for (const { verb, path } of passed) {
    const object = path.split('?')[0] ?? '';
    if (verb === 'apply' && !path.includes('dryRun') && object.includes(`/${release}`)) counts.set(object, (counts.get(object) ?? 0) + 1);
  }
  for (const [object, count] of counts) if (count > MOST_APPLIES * revisions.length) throw new Error(`${object} was applied ${count} times`);
};

/** Which event of a scenario, among those about its release: `MODIFIED secrets v2 deployed 1` is the first such. */
type Moment = string;

/** Events that the watches deliver about the release of a run, each with its moment. */
const momentsOf = (field: Field, { release }: Subject): ((event: WatchEvent, call: SeenCall) => Moment | undefined) => {
  const counts = new Map<string, number>();
  return ({ type, object: { metadata } }, { path }) => {
    const about = aboutOf(metadata.name ?? '', release);
    if (about === undefined || metadata.namespace !== field.site.namespace) return undefined;
    const resource = /\/(?<resource>[a-z]+)\?/.exec(path)?.groups?.['resource'] ?? '';
    const kind = [type, resource, about, metadata.labels?.['owner'] === 'helm' ? metadata.labels['status'] : ''].filter((part) => part !== '').join(' ');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return `${kind} ${counts.get(kind)}`;
  };
};

/** What is left of an object's name without its release's; undefined where it is of none, or has a name that is made up. */
const aboutOf = (name: string, release: string): string | undefined => {
  if (name === release) return '';
  if (name.startsWith(`sh.helm.release.v1.${release}.`)) return name.slice(`sh.helm.release.v1.${release}.`.length);
  const rest = name.startsWith(`${release}-`) ? name.slice(release.length + 1) : undefined;
  return rest !== undefined && /^(more|random|pre-upgrade|post-upgrade|\d+\.0\.0)$/.test(rest) ? rest : undefined;
};

/** A scenario undisturbed: every event that the operator gets to see. */
export const scout = (name: ScenarioName, moments: Map<ScenarioName, readonly Moment[]>): Run => ({
  name: `scout/${name}`,
  go: async (field, subject) => {
    const { prepare, act, isOver, revisions } = SCENARIOS[name];
    subject.revisions = revisions;
    await prepare(field, subject);
    const seen: Moment[] = [];
    const momentOf = momentsOf(field, subject);
    const endEdit = field.proxy.edit((event, call) => {
      const moment = momentOf(event, call);
      if (moment !== undefined) seen.push(moment);
      return undefined;
    });
    await act(field, subject);
    await settles(field, subject, () => isOver(field, subject));
    endEdit();
    moments.set(name, seen);
    return 'Met';
  },
});

/** Each event is dropped in a run of its own. */
export const unobservedRuns = (moments: ReadonlyMap<ScenarioName, readonly Moment[]>): readonly Run[] =>
  [...moments].flatMap(([name, all]) =>
    all.map((moment): Run => ({ name: `unobserved/${name}/${moment}`, isByChance: true, go: (field, subject) => miss(field, subject, name, moment) })),
  );

const miss = async (field: Field, subject: Subject, name: ScenarioName, moment: Moment) => {
  const { prepare, act, isOver, revisions } = SCENARIOS[name];
  subject.revisions = revisions;
  await prepare(field, subject);
  const momentOf = momentsOf(field, subject);
  let isMet = false;
  const endEdit = field.proxy.edit((event, call) => {
    if (momentOf(event, call) !== moment) return undefined;
    const passed = () => {
      isMet = true;
    };
    return { text: '', passed };
  });
  await act(field, subject);
  const isOverAnyway = await becomes(() => isOver(field, subject), MISSED_MS);
  endEdit();
  // No event after it told the same, so the watches must.
  if (!isOverAnyway) await field.relist();
  await settles(field, subject, () => isOver(field, subject));
  return isMet ? 'Met' : 'Unmet';
};

/** At each event, once it is delivered, the operator is killed and another one started. */
export const intermediateRuns = (moments: ReadonlyMap<ScenarioName, readonly Moment[]>, seed: number): readonly Run[] => {
  const random = seeded(seed);
  return [...moments].flatMap(([name, all]) =>
    all.map((moment): Run => {
      const delayMs = Math.floor(random() * MOST_KILL_DELAY_MS);
      return { name: `intermediate/${name}/${moment}`, isByChance: true, go: (field, subject) => killAt(field, subject, name, { moment, delayMs }) };
    }),
  );
};

const killAt = async (field: Field, subject: Subject, name: ScenarioName, { moment, delayMs }: { readonly moment: Moment; readonly delayMs: number }) => {
  const { prepare, act, isOver, revisions } = SCENARIOS[name];
  const { site, proxy } = field;
  subject.revisions = revisions;
  await prepare(field, subject);
  const momentOf = momentsOf(field, subject);
  const { operator } = site;
  let killed: Promise<void> | undefined;
  const kill = (): void => void setTimeout(() => (killed ??= operator.kill()), delayMs);
  const endEdit = proxy.edit((event, call) => (momentOf(event, call) === moment ? { text: `${event.line}\n`, passed: kill } : undefined));
  await act(field, subject);
  const isMet = await becomes(async () => killed !== undefined, MISSED_MS);
  endEdit();
  await operator.kill();
  await site.startOperator();
  await settles(field, subject, () => isOver(field, subject));
  return isMet ? 'Met' : 'Unmet';
};
