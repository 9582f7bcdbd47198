import { pick, type Random, seeded, shuffled } from '../seeded.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';

/** When about a write the operator is killed; Terminated: it is asked to end (SIGTERM) as the write is sent, and lives on until it has. */
export const MODES = ['Unsent', 'Unanswered', 'Answered', 'Terminated'] as const;
export type Mode = (typeof MODES)[number];

/** One end of an operator: about the n-th write of its life that bears on the release, from 1. */
export interface Kill {
  readonly write: number;
  readonly mode: Mode;
}

/** What is done at the crash point, before the operator is started again. */
export const DEEDS = ['look', 'rollback', 'uninstall', 'namespace'] as const;
export type Deed = (typeof DEEDS)[number];

/** One run: a scenario, none, one or two kills, and what is done after the last of them. */
export interface Point {
  readonly scenario: ScenarioName;
  readonly kills: readonly Kill[];
  readonly deed?: Deed;
}

/** How many writes each scenario has when nobody is killed. */
export type Counts = ReadonlyMap<ScenarioName, number>;

/** `upgrade/7/Unsent`, `upgrade/7/Unsent/2/Answered`, `upgrade/7/Unsent/look`: what REPLAY takes. */
export const printPoint = ({ scenario, kills, deed }: Point): string =>
  [scenario, ...kills.flatMap(({ write, mode }) => [String(write), mode]), ...(deed === undefined ? [] : [deed])].join('/');

/** Reads what `printPoint` has printed. Throws with what is wrong. */
export const parsePoint = (text: string): Point => {
  const [name, ...rest] = text.split('/');
  const scenario = SCENARIOS.find((one) => one === name);
  if (scenario === undefined) throw new Error(`${JSON.stringify(text)}: there is no scenario ${name}; there are ${SCENARIOS.join(', ')}`);
  const deed = DEEDS.find((one) => one === rest.at(-1));
  const words = deed === undefined ? rest : rest.slice(0, -1);
  const kills: Kill[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [write, mode] = [Number(words[at]), MODES.find((one) => one === words[at + 1])];
    if (!Number.isInteger(write) || write < 1 || mode === undefined)
      throw new Error(`${JSON.stringify(text)}: after the scenario come a write, from 1, and one of ${MODES.join(', ')}`);
    kills.push({ write, mode });
  }
  return { scenario, kills, ...(deed !== undefined && { deed }) };
};

/** Every write of every scenario in every mode; stock helm looks at each crash. */
export const everyPoint = (counts: Counts): readonly Point[] =>
  [...counts].flatMap(([scenario, count]) =>
    Array.from({ length: count }, (_, at) => MODES.map((mode): Point => ({ scenario, kills: [{ write: at + 1, mode }], deed: 'look' }))).flat(),
  );

/** Crash points at which a person rolls back or uninstalls by helm, or deletes the namespace: so many of each, at ever other writes. */
export const deedPoints = (counts: Counts): readonly Point[] => {
  const names = [...counts.keys()];
  const pointsOf = (deed: Deed, many: number, meant: readonly ScenarioName[]): readonly Point[] =>
    Array.from({ length: many }, (_, at) => meant[at % meant.length]).flatMap((scenario, at) =>
      scenario === undefined ? [] : [{ scenario, kills: [{ write: 1 + ((at * STRIDE) % (counts.get(scenario) ?? 1)), mode: MODES[at % MODES.length] ?? 'Unanswered' }], deed }],
    );
  return [
    ...pointsOf(
      'rollback',
      12,
      names.filter((name) => ROLLED_BACK.includes(name)),
    ),
    ...pointsOf(
      'uninstall',
      12,
      names.filter((name) => name !== 'uninstall' && name !== 'adoption'),
    ),
    ...pointsOf('namespace', names.length, names),
  ];
};

/** From one write to another one far from it. */
const STRIDE = 5;

/** Scenarios in which there is a revision to go back to. */
const ROLLED_BACK: readonly ScenarioName[] = ['upgrade', 'hooks', 'failing-upgrade'];

/** At every so many of them stock helm looks at the crash. */
const withLooks = (points: readonly Point[]): readonly Point[] => points.map((point, at) => (at % LOOK_EVERY === 0 ? { ...point, deed: 'look' } : point));

const LOOK_EVERY = 9;

/** So many points, the same for the same seed, with every scenario and every mode among them as often as any other. */
export const spreadOf = (counts: Counts, many: number, seed: number): readonly Point[] => {
  const random = seeded(seed);
  const names = shuffled(random, [...counts.keys()]);
  return withLooks(
    Array.from({ length: many }, (_, at): Point => {
      const scenario = names[at % names.length] ?? 'install';
      const turn = Math.floor(at / names.length);
      return { scenario, kills: [{ write: anyOf(random, counts.get(scenario) ?? 1), mode: MODES[(at + turn) % MODES.length] ?? 'Unsent' }] };
    }),
  );
};

/** So many points with a second kill in what comes after the first, the same for the same seed. */
export const doublesOf = (counts: Counts, many: number, seed: number): readonly Point[] => {
  const random = seeded(seed);
  const names = [...counts.keys()];
  return Array.from({ length: many }, () => {
    const scenario = pick(random, names);
    const count = counts.get(scenario) ?? 1;
    const first: Kill = { write: anyOf(random, Math.max(1, count - 1)), mode: pick(random, MODES) };
    // What was written before the first kill is not written again.
    return { scenario, kills: [first, { write: anyOf(random, Math.max(1, count - first.write)), mode: pick(random, MODES) }] };
  });
};

const anyOf = (random: Random, count: number): number => 1 + Math.floor(random() * count);
