import { setTimeout as delay } from 'node:timers/promises';
import type { Verb } from '../lab/api-call.ts';
import type { Fault, SeenCall } from '../lab/steering.ts';
import { pick, seeded } from '../seeded.ts';
import type { Field, Subject } from './field.ts';
import { becomes, type Run, settles } from './run.ts';
import { type Scenario, SCENARIOS, WIDENING } from './scenarios.ts';

/** Long enough for the operator to come again a few times. */
const WHILE_MS = 4_000;
/** An upgrade has sent everything by then. */
const STRUCK_MS = 10_000;
/** How many requests a second may be struck; there are half a dozen watches, each of which lists, and a release has half a dozen objects. */
const MOST_A_SECOND = 20;

const refused = (code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Fault => ({
  kind: 'Answer',
  status: code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `${reason}, says the proxy` },
  headers,
});

const READS = ['get', 'list', 'watch'] as const;
const WRITES = ['create', 'update', 'apply', 'patch', 'delete'] as const;

interface RequestFault {
  readonly fault: Fault;
  readonly verbs: readonly Verb[];
  /** The question whether it is ready is answered so too, as by an API server that has just started. */
  readonly isAtStart?: boolean;
}

/** What goes wrong, and with which requests it can. */
const FAULTS: Readonly<Record<string, RequestFault>> = {
  '403-at-start': { fault: refused(403, 'Forbidden'), verbs: [...READS, ...WRITES], isAtStart: true },
  '409': { fault: refused(409, 'Conflict'), verbs: WRITES },
  '422': { fault: refused(422, 'Invalid'), verbs: ['create', 'update', 'apply', 'patch'] },
  '429': { fault: refused(429, 'TooManyRequests', { 'retry-after': '1' }), verbs: [...READS, ...WRITES] },
  '500': { fault: refused(500, 'InternalError'), verbs: [...READS, ...WRITES] },
  '503': { fault: refused(503, 'ServiceUnavailable'), verbs: [...READS, ...WRITES] },
  reset: { fault: { kind: 'Reset' }, verbs: [...READS, ...WRITES] },
  'drop-answer': { fault: { kind: 'DropAnswer' }, verbs: ['get', 'list', ...WRITES] },
  delay: { fault: { kind: 'Delay', ms: 2_000 }, verbs: [...READS, ...WRITES] },
};

/** What the API server says of the manifest, it says for good: such a revision fails, and is undone. Of a definition it says so before there is a revision. */
const isVerdict = (name: string, verb: Verb): boolean => (name === '409' || name === '422') && (verb === 'create' || verb === 'apply');

/** Every fault with every verb where it applies: once, at a moment that the seed decides, and for a while. */
export const requestRuns = (seed: number): readonly Run[] => {
  const random = seeded(seed);
  return Object.entries(FAULTS).flatMap(([name, { fault, verbs, isAtStart = false }]) =>
    verbs.flatMap((verb): readonly Run[] => {
      const isMeant = (call: SeenCall) => isTo(call, verb) || (isAtStart && call.path === '/readyz');
      const trouble = { fault, isMeant, verb, mayFail: isVerdict(name, verb) };
      // Others who write an object at the same moment are no verdict, unless they go on.
      const isPassing = name === '409' && verb === 'apply';
      const after = pick(random, AFTER[verb] ?? [0]);
      return [
        { name: `request/${name}/${verb}/once`, go: (field, subject) => once(field, subject, { ...trouble, after, mayFail: trouble.mayFail && !isPassing }) },
        { name: `request/${name}/${verb}/while`, go: (field, subject) => forAWhile(field, subject, trouble) },
      ];
    }),
  );
};

interface Trouble {
  readonly fault: Fault;
  readonly isMeant: (call: SeenCall) => boolean;
  readonly verb: Verb;
  /** The revision may have failed by it. */
  readonly mayFail: boolean;
}

const once = async (field: Field, subject: Subject, { fault, isMeant, verb, mayFail, after }: Trouble & { readonly after: number }) => {
  await scenarioOf(verb).prepare(field, subject);
  const steered = field.proxy.steer({ isMeant, after, times: 1, fault });
  try {
    await act(field, subject, verb);
    await endsRight(field, subject, verb, mayFail);
    return steered.strikes() === 0 ? 'Unmet' : 'Met';
  } finally {
    steered.lift();
  }
};

/** How many requests are passed over before the one that is struck. */
const AFTER: Readonly<Partial<Record<Verb, readonly number[]>>> = { create: [0, 1, 2], apply: [0, 2, 4, 6], patch: [0, 1, 2, 3], get: [0, 2, 4], delete: [0, 1] };

const forAWhile = async (field: Field, subject: Subject, { fault, isMeant, verb, mayFail }: Trouble) => {
  await scenarioOf(verb).prepare(field, subject);
  const steered = field.proxy.steer({ isMeant, fault });
  await act(field, subject, verb);
  await becomes(async () => steered.strikes() > 0, STRUCK_MS);
  const before = steered.strikes();
  await delay(WHILE_MS);
  const aSecond = ((steered.strikes() - before) / WHILE_MS) * 1000;
  steered.lift();
  await endsRight(field, subject, verb, mayFail);
  if (aSecond > MOST_A_SECOND) throw new Error(`a storm: ${aSecond} such requests a second while they failed`);
  return steered.strikes() === 0 ? 'Unmet' : { aSecond };
};

const act = async (field: Field, subject: Subject, verb: Verb): Promise<void> => {
  await scenarioOf(verb).act(field, subject);
  if (verb === 'list') await field.relist();
  if (verb === 'watch') field.proxy.endWatches();
};

const endsRight = async (field: Field, subject: Subject, verb: Verb, mayFail: boolean): Promise<void> => {
  const { isOver, revisions } = scenarioOf(verb);
  subject.revisions = revisions;
  await settles(field, subject, async () => {
    if (await isOver(field, subject)) return true;
    if (!mayFail || !(await field.isUndoneBy(subject, 3))) return false;
    subject.revisions = [1, 2, 3];
    return true;
  });
};

const scenarioOf = (verb: Verb): Scenario => (verb === 'update' ? WIDENING : SCENARIOS.hooks);

/** Events are nobody's business. */
const isTo = (call: SeenCall, verb: Verb): boolean => call.verb === verb && !call.path.includes('/events');
