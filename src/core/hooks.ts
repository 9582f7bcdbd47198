import { hash } from 'node:crypto';
import { epochMsOf } from '../api/time.ts';
import { parseExact } from './exact-json.ts';

/** When a hook runs, in Helm's words. Tests are run only when the spec asks for them, rollback hooks only with a rollback. */
export type HookEvent = 'pre-install' | 'post-install' | 'pre-upgrade' | 'post-upgrade' | 'pre-rollback' | 'post-rollback' | 'pre-delete' | 'post-delete' | 'test';

/** What became of a hook, for the event that it ran for last. */
export interface HookRun {
  readonly event: string;
  /** RFC 3339; no two runs of a hook begin at the same moment. */
  readonly startedAt: string;
  readonly completedAt?: string;
  readonly phase: 'Running' | 'Succeeded' | 'Failed';
  /** The pod that ran a test, and the last lines of its log. */
  readonly pod?: string;
  readonly log?: readonly string[];
  /** It was begun anew, since its object was not there when its time was over: whoever had begun it ended before. That happens once. */
  readonly anew?: true;
}

/** A hook as the release's record has it. */
export interface Hook {
  /** Its place among the record's hooks, which are in Helm's order of kinds. */
  readonly place: number;
  readonly name: string;
  readonly kind: string;
  /** Template it came from. */
  readonly path: string;
  readonly manifest: string;
  readonly events: readonly string[];
  readonly weight: number;
  readonly deletePolicies: readonly string[];
  readonly logPolicies: readonly string[];
  /** Undefined where it has not run, or somebody else's helm ran it: that one does not say for which event. */
  readonly lastRun: HookRun | undefined;
}

/** What to do next about the hooks of an event. */
export type HookStep =
  | { readonly kind: 'Begin'; readonly hook: Hook }
  | { readonly kind: 'Watch'; readonly hook: Hook; readonly run: HookRun }
  | { readonly kind: 'Failed'; readonly hook: Hook }
  | { readonly kind: 'Done' };

/** Reads `hooks` of a record, which anybody may have written: what is missing is empty. */
export const readHooks = (json: string): readonly Hook[] => hooksIn(json).map(readHook);

/** The same record's hooks with another last run of one of them, in the form of helm.sh/helm/v4/pkg/release/v1; all but times and phase is our addition, which helm passes over. */
export const withRun = (json: string, { place }: Hook, { startedAt, completedAt, phase, ...ours }: HookRun): string => {
  const lastRun = { started_at: startedAt, ...(completedAt !== undefined && { completed_at: completedAt }), phase, ...ours };
  return JSON.stringify(hooksIn(json).map((hook, index) => (index === place ? { ...hook, last_run: lastRun } : hook)));
};

/** The hooks of a record for another record with the same manifest: none of them has run. */
export const withoutRuns = (json: string): string => JSON.stringify(hooksIn(json).map(({ last_run: _, ...hook }) => hook));

/** Every event that some hook of the record runs for. */
export const eventsIn = (json: string): readonly string[] => [...new Set(readHooks(json).flatMap(({ events }) => events))];

/** Hooks of an event in Helm 4's order: by weight, then by name; where both are equal by kind, in which order the record has them. */
export const hooksFor = (hooks: readonly Hook[], event: HookEvent): readonly Hook[] =>
  hooks.filter(({ events }) => events.includes(event)).sort((one, other) => one.weight - other.weight || compare(one.name, other.name));

/** The last run of a hook, if that was for this event. */
export const runFor = ({ lastRun }: Hook, event: HookEvent): HookRun | undefined => (lastRun?.event === event ? lastRun : undefined);

/** One hook after the other; one that has failed ends it, or is begun anew. */
export const nextHook = (hooks: readonly Hook[], event: HookEvent, options: { readonly again: boolean }): HookStep => {
  for (const hook of hooksFor(hooks, event)) {
    const run = runFor(hook, event);
    if (run === undefined) return { kind: 'Begin', hook };
    if (run.phase === 'Running') return { kind: 'Watch', hook, run };
    if (run.phase === 'Failed') return { kind: options.again ? 'Begin' : 'Failed', hook };
  }
  return { kind: 'Done' };
};

/** Whether what is there under a hook's name goes before it is created. CustomResourceDefinitions are never deleted: their objects would go with them. */
export const isReplaced = (hook: Hook): boolean => isDeletable(hook) && (hook.deletePolicies.length === 0 || hook.deletePolicies.includes('before-hook-creation'));

/**
 * Hooks whose objects are to go now that the event has come to its end, in Helm's order: after a success the last first, after a failure
 * the failed one, then those before it.
 */
export const hooksToSweep = (hooks: readonly Hook[], event: HookEvent): readonly Hook[] => {
  const ran = hooksFor(hooks, event).filter((hook) => isDeletable(hook) && hook.deletePolicies.includes(policyAfter(runFor(hook, event))));
  const failed = ran.filter((hook) => runFor(hook, event)?.phase === 'Failed');
  return hooksFor(hooks, event).some((hook) => runFor(hook, event)?.phase === 'Failed') ? [...failed, ...ran.filter((hook) => !failed.includes(hook))] : ran.reverse();
};

/** Whether the output of a hook that ended so is to be shown (`helm.sh/hook-output-log-policy`). */
export const isOutputWanted = ({ logPolicies }: Hook, phase: HookRun['phase']): boolean => logPolicies.includes(phase === 'Failed' ? 'hook-failed' : 'hook-succeeded');

/**
 * From when a hook's time counts, in ms since the epoch: from when its object was made, since whoever had begun the run may have ended in between. An
 * object made after the whole of that time counts from the beginning: one that is made again and again must come to an end.
 */
export const timeCountsFrom = ({ startedAt }: HookRun, madeAt: number | undefined, timeoutMs: number): number => {
  const began = epochMsOf(startedAt);
  return madeAt !== undefined && madeAt > began && madeAt <= began + timeoutMs ? madeAt : began;
};

/** What tells the object of one run from that of any other: it is on the object. */
export const markOf = (revision: number, { event, startedAt }: HookRun): string => `${event} of revision ${revision} at ${startedAt}`;

/** A name for an object that leaves its name to the API server: always the same for one run, so that it is found again. */
export const generatedName = (prefix: string, mark: string): string => `${prefix.slice(0, MOST_PREFIX)}${hash('sha256', mark, 'hex').slice(0, SUFFIX)}`;

/** A hook as messages name it. */
export const printHook = ({ kind, name, path }: Hook, event: HookEvent): string => `${event} hook ${kind} ${name} (${path})`;

/** As the API server makes names: 63 characters at most, the last five by chance. */
const SUFFIX = 5;
const MOST_PREFIX = 63 - SUFFIX;

const isDeletable = ({ kind }: Hook): boolean => kind !== 'CustomResourceDefinition';

const policyAfter = (run: HookRun | undefined): string => {
  if (run === undefined || run.phase === 'Running') return '';
  return run.phase === 'Failed' ? 'hook-failed' : 'hook-succeeded';
};

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

type Raw = Readonly<Record<string, unknown>>;

const hooksIn = (json: string): readonly Raw[] => {
  const parsed = parseExact(json);
  return Array.isArray(parsed) ? parsed.map(rawOf) : [];
};

const rawOf = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {});

const readHook = (raw: Raw, place: number): Hook => ({
  place,
  name: text(raw['name']),
  kind: text(raw['kind']),
  path: text(raw['path']),
  manifest: text(raw['manifest']),
  events: texts(raw['events']),
  // A weight beyond 2^53 is no number here but its digits; order is all that is asked of it.
  weight: Number(JSON.stringify(raw['weight'] ?? 0)),
  deletePolicies: texts(raw['delete_policies']),
  logPolicies: texts(raw['output_log_policies']),
  lastRun: runOf(rawOf(raw['last_run'])),
});

const runOf = (raw: Raw): HookRun | undefined => {
  const [event, startedAt, completedAt, phase] = [text(raw['event']), text(raw['started_at']), text(raw['completed_at']), text(raw['phase'])];
  if (event === '' || !(phase === 'Running' || phase === 'Succeeded' || phase === 'Failed')) return undefined;
  const [pod, log] = [text(raw['pod']), texts(raw['log'])];
  return {
    event,
    startedAt,
    ...(completedAt !== '' && { completedAt }),
    phase,
    ...(pod !== '' && { pod }),
    ...(log.length > 0 && { log }),
    ...(raw['anew'] === true && { anew: true }),
  };
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
