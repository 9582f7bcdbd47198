import { pinOf } from '../../src/core/pin.ts';
import type { Renderer } from '../../src/ports/renderer.ts';
import { violationsIn } from '../crash/invariants.ts';
import { pick, type Random, seeded } from '../seeded.ts';
import { CHARTS, digestOf, isGood } from './charts.ts';
import { Chronicle } from './chronicle.ts';
import { CALM, type Weather } from './faults.ts';
import { complaints } from './judge.ts';
import { Person } from './people.ts';
import { SimulatedRenderer } from './renderer.ts';
import { Simulation } from './simulation.ts';

const MINUTE_MS = 60_000;
/** How long people and faults are at work. */
const BUSY_MS = 5 * MINUTE_MS;
/** How long it may take from then until everything is as it has to be. */
const PATIENCE_MS = 45 * MINUTE_MS;
/** Nobody looks at a registry that did not answer more seldom. */
const LONGEST_PAUSE_MS = 11 * MINUTE_MS;
const LOOK_MS = 20_000;
/** How long nothing happens then: four looks at each tag, and in every so many courses as long as the longest pause. */
const REST_MS = 4 * MINUTE_MS;
const LONG_REST_EVERY = 10;

/** Every so many courses have two replicas, of which a leader is elected. */
const ELECTED_EVERY = 4;

/** In every so many courses, from the second on, the API server itself ends and starts; what is drawn for that changes no other course. */
const STARTS_EVERY = 7;

const WEATHERS: readonly Weather[] = [
  CALM,
  { errors: 0, cuts: 0, staleMs: 30_000, latencyMs: 100 },
  { errors: 0.05, cuts: 0, staleMs: 200, latencyMs: 200 },
  { errors: 0, cuts: 0.5, staleMs: 2_000, latencyMs: 50 },
  { errors: 0.1, cuts: 0.3, staleMs: 5_000, latencyMs: 2_000 },
];

/** Plays the course that a seed stands for; returns what was wrong with it. */
export const play = async (seed: number, tell?: (line: string) => void, renderer?: Renderer): Promise<readonly string[]> => {
  const unhandled: string[] = [];
  const note = (error: unknown) => unhandled.push(`nobody has seen to a rejection: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', note);
  try {
    return [...(await course(seed, tell, renderer)), ...unhandled];
  } catch (error) {
    return [`the course ended with ${error instanceof Error ? error.stack : String(error)}`, ...unhandled];
  } finally {
    process.off('unhandledRejection', note);
  }
};

const course = async (seed: number, tell: ((line: string) => void) | undefined, renderer: Renderer = new SimulatedRenderer()): Promise<readonly string[]> => {
  const replicas = seed % ELECTED_EVERY === 0 ? 2 : 1;
  const simulation = new Simulation(seed, { weather: WEATHERS[seed % WEATHERS.length] ?? CALM, replicas, renderer }, tell);
  try {
    if (seed % STARTS_EVERY === 1) planStarts(simulation, seeded(-seed));
    return await playIn(simulation, replicas, seed % LONG_REST_EVERY === 0 ? LONGEST_PAUSE_MS : REST_MS);
  } finally {
    await simulation.close();
  }
};

const planStarts = ({ timeline, uptime, server }: Simulation, random: Random): void => {
  for (let starts = 1 + Math.floor(random() * 3); starts > 0; starts -= 1)
    timeline.after(random() * BUSY_MS, 'the API server ends', () => {
      // Of the past it knows nothing any more, most of the time.
      if (random() < 0.7) server.store.compact();
      uptime.restart(random);
    });
};

const playIn = async (simulation: Simulation, replicas: number, restMs: number): Promise<readonly string[]> => {
  const { random, timeline, registry } = simulation;
  const chronicle = new Chronicle(simulation.server.store, () => timeline.now);
  const people = Array.from({ length: 1 + Math.floor(random() * 2) }, (_, at) => new Person(simulation, `r${at}`));
  for (const person of people) {
    person.push(pick(random, CHARTS.filter(isGood)));
    timeline.after(random() * 1_000, `${person.name} is wished for`, () => person.create());
    for (let deeds = 2 + Math.floor(random() * 5); deeds > 0; deeds -= 1) timeline.after(random() * BUSY_MS, `${person.name} is changed`, () => person.act());
  }
  for (let kills = Math.floor(random() * 4); kills > 0; kills -= 1) timeline.after(random() * BUSY_MS, 'a process ends', () => simulation.kill());
  for (let stops = Math.floor(random() * replicas * 1.5); stops > 0; stops -= 1) timeline.after(random() * BUSY_MS, 'a process stops', () => simulation.freeze());
  if (random() < 0.3) timeline.after(random() * BUSY_MS, 'etcd is compacted', () => simulation.server.store.compact());
  if (random() < 0.2) {
    timeline.after(random() * BUSY_MS, 'the registry goes', () => registry.turn(false));
    timeline.after(BUSY_MS, 'the registry is back', () => registry.turn(true));
  }
  for (let of = 0; of < replicas; of += 1) simulation.start();
  await simulation.pass(BUSY_MS);
  simulation.tell(() => 'quiet from now on');
  simulation.faults.calm();
  registry.turn(true);
  for (const person of people) person.settle();
  const wrong = await comeToRest(simulation, people, restMs);
  const violations = violationsIn(chronicle.steps, pushed(people)).map(({ invariant, at, release, message }) => `${invariant} at ${at}, ${release}: ${message}`);
  return [...wrong, ...violations, ...simulation.problems];
};

/** Everything is as it has to be within some time, and stays so: nothing is written and nothing is looked at any more. */
const comeToRest = async (simulation: Simulation, people: readonly Person[], restMs: number): Promise<readonly string[]> => {
  let wrong: readonly string[] = [];
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
    await simulation.pass(LOOK_MS);
    wrong = people.flatMap((person) => complaints(simulation, person));
    // One that wakes up looks at what it had to do, before it finds that the Lease is lost.
    if (wrong.length === 0 && simulation.areAllAwake) break;
  }
  if (wrong.length > 0 || people.some((person) => !isRestful(simulation, person))) return wrong;
  await simulation.pass(simulation.registry.wasDown ? LONGEST_PAUSE_MS : MINUTE_MS);
  const { runs, writes } = simulation;
  await simulation.pass(restMs);
  const after = people.flatMap((person) => complaints(simulation, person));
  if (simulation.runs > runs) after.push(`${simulation.runs - runs} runs while everything was to rest`);
  if (simulation.writes > writes) after.push(`${simulation.writes - writes} writes while everything was to rest`);
  return after;
};

/** What cannot become ready is tried again for ever, or asked why it is not. So may a revision be that somebody has pinned. */
const isRestful = (simulation: Simulation, person: Person): boolean => {
  const chart = simulation.registry.at(person.tag);
  const isHeld = pinOf(person.release?.metadata.annotations).kind !== 'None' && person.ready?.status !== 'True';
  return chart !== undefined && isGood(chart) && !isHeld;
};

const pushed = (people: readonly Person[]): ReadonlyMap<string, string> =>
  new Map(people.flatMap(({ name }) => CHARTS.map((chart) => [`${name} ${chart.version}`, digestOf(chart)])));
