import type { Edit, Passing } from '../lab/watch-pipe.ts';
import { type Random, seeded } from '../seeded.ts';
import { type Field, GONE, isOf, type Subject } from './field.ts';
import { becomes, type Run, settles } from './run.ts';
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts';

/** What becomes of one event of so many, drawn by lot: in a fixed order the same one could be struck each time that its watch comes again. */
interface WatchFault {
  readonly oneOf: number;
  readonly passing: (line: string) => Passing;
}

const whole = (line: string): string => `${line}\n`;
const expired = `${JSON.stringify({ type: 'ERROR', object: GONE })}\n`;

const FAULTS: Readonly<Record<string, WatchFault>> = {
  ended: { oneOf: 2, passing: (line) => ({ text: whole(line), ends: 'Ended' }) },
  cut: { oneOf: 2, passing: (line) => ({ text: whole(line), ends: 'Reset' }) },
  'half-line': { oneOf: 2, passing: (line) => ({ text: line.slice(0, line.length / 2), ends: 'Reset' }) },
  'half-line-ended': { oneOf: 2, passing: (line) => ({ text: line.slice(0, line.length / 2), ends: 'Ended' }) },
  '410-event': { oneOf: 2, passing: () => ({ text: expired, ends: 'Ended' }) },
  twice: { oneOf: 1, passing: (line) => ({ text: whole(line).repeat(2) }) },
  late: { oneOf: 1, passing: (line) => ({ text: whole(line), delayMs: 1_000 }) },
};

/** A watch that says nothing any more is left after 100 s; a little more, and what has to be done then. */
const SILENCE_MS = 130_000;

/** Each fault of watches in each scenario. */
export const watchRuns = (seed: number): readonly Run[] => [
  ...(['upgrade', 'rollback', 'uninstall', 'drift'] as const).map(
    (name): Run => ({ name: `watch/silent/${name}`, isSlow: true, go: (field, subject) => fallSilent(field, subject, name) }),
  ),
  ...Object.entries(FAULTS).flatMap(([fault, how]) =>
    SCENARIO_NAMES.map((name): Run => {
      const random = seeded(seed);
      // A scenario of few events may have none that is drawn; then the lot goes on with the next of its goes.
      return { name: `watch/${fault}/${name}`, isByChance: how.oneOf > 1, go: (field, subject) => disturb(field, subject, name, editOf(how, random)) };
    }),
  ),
  ...SCENARIO_NAMES.map((name): Run => ({ name: `watch/410/${name}`, go: (field, subject) => expire(field, subject, name) })),
  ...SCENARIO_NAMES.map((name): Run => ({ name: `watch/bookmarks-only/${name}`, go: (field, subject) => hearBookmarks(field, subject, name) })),
];

const editOf =
  ({ oneOf, passing }: WatchFault, random: Random): Edit =>
  ({ type, line }) =>
    type !== 'BOOKMARK' && random() * oneOf < 1 ? passing(line) : undefined;

/** While the scenario lasts, but not for ever: what is struck again and again need not come to an end. */
const DISTURBED_MS = 10_000;

const disturb = async (field: Field, subject: Subject, name: ScenarioName, edit: Edit) => {
  const { prepare, act, isOver, revisions } = SCENARIOS[name];
  subject.revisions = revisions;
  await prepare(field, subject);
  let strikes = 0;
  const endEdit = field.proxy.edit((event, call) => {
    const passing = edit(event, call);
    const passed = () => {
      strikes += 1;
    };
    return passing && { ...passing, passed };
  });
  try {
    await act(field, subject);
    await becomes(() => isOver(field, subject), DISTURBED_MS);
  } finally {
    endEdit();
  }
  await settles(field, subject, () => isOver(field, subject));
  return strikes === 0 ? 'Unmet' : 'Met';
};

/** The API server has forgotten where the watches were, and all of them list anew while the scenario lasts. */
const expire = async (field: Field, subject: Subject, name: ScenarioName) => {
  const { prepare, act, isOver, revisions } = SCENARIOS[name];
  subject.revisions = revisions;
  await prepare(field, subject);
  const [, expired] = await Promise.all([act(field, subject), field.relist()]);
  await settles(field, subject, () => isOver(field, subject));
  return expired === 0 ? 'Unmet' : 'Met';
};

/** Nothing but bookmarks comes by the watches for a while; then they expire. */
const hearBookmarks = async (field: Field, subject: Subject, name: ScenarioName) => {
  const { prepare, act, isOver, revisions } = SCENARIOS[name];
  subject.revisions = revisions;
  await prepare(field, subject);
  let withheld = 0;
  const endEdit = field.proxy.edit(({ type, object }) => {
    if (type === 'BOOKMARK') return undefined;
    if (isOf(subject, object)) withheld += 1;
    return { text: '' };
  });
  await act(field, subject);
  await becomes(() => isOver(field, subject), 3_000);
  endEdit();
  const expired = await field.relist();
  await settles(field, subject, () => isOver(field, subject));
  return withheld === 0 || expired === 0 ? 'Unmet' : 'Met';
};

/** The connections of the watches stay open, and nothing more comes by them: the operator has to find that out by itself. */
const fallSilent = async (field: Field, subject: Subject, name: ScenarioName) => {
  const { prepare, act, isOver, revisions } = SCENARIOS[name];
  subject.revisions = revisions;
  await prepare(field, subject);
  const silenced = new Set<string>();
  const endEdit = field.proxy.edit((_, { path }) => {
    const watch = path.replaceAll(/[?&](resourceVersion|timeoutSeconds)=[^&]*/g, '');
    if (silenced.has(watch)) return undefined; // opened anew
    silenced.add(watch);
    return { text: '', ends: 'Silent' };
  });
  await act(field, subject);
  const isInTime = await becomes(() => isOver(field, subject), SILENCE_MS);
  endEdit();
  if (!isInTime) throw new Error(`not over ${SILENCE_MS / 1000} s after the watches fell silent`);
  return silenced.size === 0 ? 'Unmet' : 'Met';
};
