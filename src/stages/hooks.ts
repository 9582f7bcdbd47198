import { HOOK_RUN, type TestRun } from '../api/chart-release.ts';
import { epochMsOf, preciseTimestamp } from '../api/time.ts';
import { printDuration } from '../core/duration.ts';
import { parseExact } from '../core/exact-json.ts';
import {
  generatedName,
  type Hook,
  type HookEvent,
  type HookRun,
  hooksFor,
  hooksToSweep,
  isOutputWanted,
  isReplaced,
  markOf,
  nextHook,
  printHook,
  readHooks,
  runFor,
  timeCountsFrom,
  withRun,
} from '../core/hooks.ts';
import { withCause } from '../core/cause.ts';
import { groupOf, keyOf, type ObjectRef, printRef } from '../core/object-ref.ts';
import { type Owner, stampOf } from '../core/ownership.ts';
import { type AppliedObject, graceMs, judge, type Unready } from '../core/readiness.ts';
import type { RecordHead, RecordStatus, ReleaseAddress } from '../core/record.ts';
import { QUIET_MS } from '../core/status.ts';
import type { Causes } from '../ports/causes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster, Healths, LiveObject } from '../ports/cluster.ts';
import { isRace, reasonOf } from '../ports/errors.ts';
import type { Logger } from '../ports/logger.ts';
import type { Pods } from '../ports/pods.ts';
import type { Records } from '../ports/records.ts';
import type { RenderedObject, Renderer } from '../ports/renderer.ts';

export interface HookDeps {
  readonly records: Records;
  readonly cluster: Cluster;
  readonly healths: Healths;
  readonly renderer: Renderer;
  readonly pods: Pods;
  readonly causes: Causes;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Which hooks are to run. */
export interface HookInput {
  readonly owner: Owner;
  readonly address: ReleaseAddress;
  readonly record: RecordHead;
  readonly event: HookEvent;
  /** For each hook. */
  readonly timeoutMs: number;
  /** A hook that has failed before is run once more. */
  readonly again: boolean;
  /** What becomes of the record when a hook fails. */
  readonly failed: RecordStatus;
  /** Its description stays then: it says why the release is uninstalled. */
  readonly keepsWords?: boolean;
}

/** How far they are, with the record as it is now. */
export type HookProgress =
  /** All have ended well, the last one then, in ms. */
  | { readonly kind: 'Done'; readonly record: RecordHead; readonly endedAt: number; readonly tests: readonly TestRun[] }
  | { readonly kind: 'Waiting'; readonly record: RecordHead; readonly message: string; readonly lookAgainAfterMs: number }
  | { readonly kind: 'Failed'; readonly record: RecordHead; readonly message: string; readonly tests: readonly TestRun[] };

/**
 * Brings the hooks of an event as far as they come without waiting: one after the other, each of which is noted in the record before its
 * object is made and before it goes. The watch on the object under way wakes the release. Whoever comes later goes on from the record.
 */
export const hooks = async (deps: HookDeps, input: HookInput, signal: AbortSignal): Promise<HookProgress> => {
  const content = await deps.records.read(input.address, input.record, signal);
  const pass = new HookPass(deps, input, content.hooks, signal);
  return pass.run(content.description);
};

const POLL_MS = 1_000;
const LAST_LINES = 5;
/** A message goes into the record, which has not much room left. */
const LINE = 200;
const OUTPUT_LINES = 100;

type Verdict = { readonly kind: 'Succeeded' } | (Unready & { readonly isPolled?: boolean; readonly laggards?: readonly AppliedObject[] });

/** `madeAt`: when the last of its objects was made, in ms since the epoch, where all of them are. */
type Advance = Verdict & { readonly madeAt?: number };

/** An object of a hook in its place, with the mark of its run on it. */
interface HookObject {
  readonly ref: ObjectRef;
  readonly json: Uint8Array;
  readonly mark: string;
}

/** One call of `hooks`: what the record holds changes as it goes. */
class HookPass {
  readonly #deps: HookDeps;
  readonly #input: HookInput;
  readonly #signal: AbortSignal;
  #record: RecordHead;
  #json: string;
  #again: boolean;

  constructor(deps: HookDeps, input: HookInput, json: string, signal: AbortSignal) {
    this.#deps = deps;
    this.#input = input;
    this.#signal = signal;
    this.#record = input.record;
    this.#json = json;
    this.#again = input.again;
  }

  async run(description: string): Promise<HookProgress> {
    for (;;) {
      const step = nextHook(this.#hooks, this.#input.event, { again: this.#again });
      switch (step.kind) {
        case 'Done':
          return this.#finish();
        case 'Failed':
          return this.#giveUp(description);
        case 'Begin':
          await this.#begin(step.hook, {});
          break;
        case 'Watch': {
          const end = await this.#watch(step.hook, step.run);
          if (end !== undefined) return end;
        }
      }
    }
  }

  get #hooks(): readonly Hook[] {
    return readHooks(this.#json);
  }

  /** The end of the hook before, if there is one, is written along. */
  async #begin(hook: Hook, how: Pick<HookRun, 'anew'>): Promise<void> {
    this.#again = false;
    const startedAt = preciseTimestamp(this.#deps.clock.now());
    this.#note(hook, { event: this.#input.event, startedAt, phase: 'Running', ...how });
    await this.#save({ status: this.#record.status });
  }

  /** Undefined when the hook has ended well. */
  async #watch(hook: Hook, run: HookRun): Promise<HookProgress | undefined> {
    const { clock, logger } = this.#deps;
    if (run.anew !== true && clock.now() >= epochMsOf(run.startedAt) + this.#input.timeoutMs && !(await this.#isThere(hook, run))) {
      await this.#begin(hook, { anew: true });
      return undefined;
    }
    const advanced = await this.#advance(hook, run);
    const since = timeCountsFrom(run, advanced.madeAt, this.#input.timeoutMs);
    const verdict = await this.#explain(since, advanced);
    const ageMs = clock.now() - since;
    const leftMs = this.#input.timeoutMs - ageMs + (verdict.kind === 'Succeeded' ? 0 : graceMs(verdict));
    if (verdict.kind === 'Waiting' && leftMs > 0) {
      const message = `${printHook(hook, this.#input.event)}: ${verdict.message}`;
      const soonMs = verdict.isPolled === true ? POLL_MS : QUIET_MS - ageMs;
      return { kind: 'Waiting', record: this.#record, message, lookAgainAfterMs: soonMs > 0 ? Math.min(soonMs, leftMs) : leftMs };
    }
    this.#deps.causes.forget(this.#releaseKey);
    const ended = { ...run, completedAt: preciseTimestamp(clock.now()) };
    if (verdict.kind === 'Succeeded') {
      await this.#show(hook, run, 'Succeeded');
      this.#note(hook, { ...ended, phase: 'Succeeded', ...(await this.#said(hook, run)) });
      logger.info({ ...this.#names, hook: hook.name, event: this.#input.event }, 'hook succeeded');
      return undefined;
    }
    return this.#fail(hook, ended, verdict);
  }

  /** As stages/explain.ts does for the objects of a release: of what the hook waits for, or why it failed. */
  async #explain(since: number, verdict: Verdict): Promise<Verdict> {
    const laggard = verdict.kind === 'Succeeded' ? undefined : verdict.laggards?.[0];
    if (verdict.kind === 'Succeeded' || laggard === undefined) return verdict;
    const ageMs = this.#deps.clock.now() - since;
    const isWatched = verdict.kind === 'Waiting' && ageMs < this.#input.timeoutMs;
    if (isWatched && ageMs < QUIET_MS) return verdict;
    const cause = await this.#deps.causes.of(this.#releaseKey, { ...laggard, resourceVersion: '', since }, { isWatched, lines: isWatched ? 1 : LAST_LINES }, this.#signal);
    if (cause === undefined) return verdict;
    return withCause(verdict, laggard.ref, cause);
  }

  async #fail(hook: Hook, run: HookRun, verdict: Unready): Promise<HookProgress> {
    const { event, timeoutMs, failed, keepsWords } = this.#input;
    const why = verdict.kind === 'Failed' ? `failed: ${verdict.message}` : `did not end within ${printDuration(timeoutMs)}: ${verdict.message}`;
    const message = `${printHook(hook, event)} ${why}`;
    await this.#show(hook, run, 'Failed');
    this.#note(hook, { ...run, phase: 'Failed', ...(await this.#said(hook, run)) });
    // Once the record has failed nobody looks after its hooks any more: what is to be deleted goes before that.
    const status = hooksToSweep(this.#hooks, event).length > 0 ? this.#record.status : failed;
    await this.#save({ status, ...(keepsWords !== true && { description: message }) });
    return this.#giveUp(message);
  }

  /** After a hook that has failed, whose end is in the record. */
  async #giveUp(message: string): Promise<HookProgress> {
    const { failed } = this.#input;
    await this.#sweep();
    if (this.#record.status !== failed) await this.#save({ status: failed });
    return { kind: 'Failed', record: this.#record, message, tests: this.#tests };
  }

  async #finish(): Promise<HookProgress> {
    const { clock } = this.#deps;
    const { event, timeoutMs } = this.#input;
    if (this.#isUnsaved) await this.#save({ status: this.#record.status });
    const endedAt = Math.max(0, ...hooksFor(this.#hooks, event).map((hook) => epochMsOf(runFor(hook, event)?.completedAt ?? '')));
    const left = await this.#sweep();
    if (left !== undefined && clock.now() < endedAt + timeoutMs)
      return { kind: 'Waiting', record: this.#record, message: `${event} hook ${left} to be gone`, lookAgainAfterMs: POLL_MS };
    return { kind: 'Done', record: this.#record, endedAt, tests: this.#tests };
  }

  /** Every test that has begun. */
  get #tests(): readonly TestRun[] {
    return hooksFor(this.#hooks, 'test').flatMap((hook) => {
      const run = runFor(hook, 'test');
      if (run === undefined) return [];
      const { event: _, log, ...rest } = run;
      return [{ name: hook.name, ...rest, ...(log !== undefined && { log: [...log] }) }];
    });
  }

  /** Sees to it that the hook's objects are there, then what they say. What nobody knows is thrown; anything else that goes wrong is the hook's end. */
  async #advance(hook: Hook, run: HookRun): Promise<Advance> {
    try {
      const made: AppliedObject[] = [];
      let madeAt = 0;
      for (const object of await this.#objectsOf(hook, run)) {
        const live = await this.#bring(hook, object);
        if (live === undefined) return { kind: 'Waiting', message: `the ${printRef(object.ref)} that was there before is to be gone`, isPolled: true };
        made.push({ ref: object.ref, uid: live.uid, resourceVersion: live.resourceVersion, ownFields: live.ownFields, change: 'Created' });
        madeAt = Math.max(madeAt, live.madeAt);
      }
      return { ...(await this.#judge(made.filter(({ ref }) => runsToEnd(ref)))), madeAt };
    } catch (error) {
      const reason = reasonOf(error);
      const isHooksOwn = (reason !== undefined && reason !== 'ClusterUnavailable' && reason !== 'RendererUnavailable') || isRace(error);
      if (!isHooksOwn || !(error instanceof Error)) throw error;
      return { kind: 'Failed', message: error.message };
    }
  }

  async #judge(objects: readonly AppliedObject[]): Promise<Verdict> {
    const { healths } = this.#deps;
    await healths.follow(objects, this.#signal);
    const verdict = judge(objects, (ref) => healths.of(ref));
    return verdict.kind === 'Ready' ? { kind: 'Succeeded' } : verdict;
  }

  /** The object of this very run: the one that is there, or a new one. Undefined while another one is in its place, and going. */
  async #bring(hook: Hook, { ref, json, mark }: HookObject): Promise<LiveObject | undefined> {
    const { cluster } = this.#deps;
    const live = await cluster.look(ref, this.#signal);
    if (isOfRun(live, mark) && !live.isTerminating) return live;
    // Whoever else has a CustomResourceDefinition of this name uses it: it is neither deleted nor in the way.
    if (hook.kind === 'CustomResourceDefinition') return cluster.apply(ref, json, { dryRun: false }, this.#signal);
    if (live !== undefined && isReplaced(hook) && (await this.#isStillThere(ref, live))) return undefined;
    return cluster.create(ref, json, { dryRun: false }, this.#signal);
  }

  /** Whether an object of this very run is there, also one that is going. */
  async #isThere(hook: Hook, run: HookRun): Promise<boolean> {
    const objects = await this.#objectsOf(hook, run);
    const found = await Promise.all(objects.map(async ({ ref, mark }) => isOfRun(await this.#deps.cluster.look(ref, this.#signal), mark)));
    return found.includes(true);
  }

  async #isStillThere(ref: ObjectRef, live: LiveObject): Promise<boolean> {
    const { cluster } = this.#deps;
    if (!live.isTerminating) await cluster.remove(ref, live.uid, this.#signal);
    return (await cluster.look(ref, this.#signal)) !== undefined;
  }

  async #objectsOf(hook: Hook, run: HookRun): Promise<readonly HookObject[]> {
    const { owner, address } = this.#input;
    const { cluster, renderer } = this.#deps;
    const mark = markOf(this.#record.revision, run);
    const { labels } = stampOf(owner, address);
    const objects = await renderer.read(hook.manifest, { labels, annotations: { [HOOK_RUN]: mark } }, this.#signal);
    return Promise.all(
      objects.map(async (object) => {
        const scope = await cluster.scopeOf(object.apiVersion, object.kind, this.#signal);
        return { ...placed(object, scope === 'Cluster' ? '' : object.namespace || address.namespace, mark), mark };
      }),
    );
  }

  /** Deletes what is to go by the delete policies; trouble with it is not the release's. Returns the first object that is still there. */
  async #sweep(): Promise<string | undefined> {
    let left: string | undefined;
    for (const hook of hooksToSweep(this.#hooks, this.#input.event)) {
      const run = runFor(hook, this.#input.event);
      try {
        for (const object of run === undefined ? [] : await this.#objectsOf(hook, run)) left = (await this.#sweepOne(object)) ?? left;
      } catch (error) {
        if (!isRace(error) && (reasonOf(error) === undefined || reasonOf(error) === 'ClusterUnavailable')) throw error;
        this.#deps.logger.warn({ ...this.#names, hook: hook.name, error }, 'the object of a hook could not be deleted');
      }
    }
    return left;
  }

  async #sweepOne({ ref, mark }: HookObject): Promise<string | undefined> {
    const live = await this.#deps.cluster.look(ref, this.#signal);
    if (!isOfRun(live, mark)) return undefined;
    return (await this.#isStillThere(ref, live)) ? printRef(ref) : undefined;
  }

  /** The output of a hook goes to the operator's log where `helm.sh/hook-output-log-policy` asks for it. */
  async #show(hook: Hook, run: HookRun, phase: HookRun['phase']): Promise<void> {
    if (!isOutputWanted(hook, phase)) return;
    for (const { pod, lines } of await this.#wordsOf(hook, run, OUTPUT_LINES)) {
      for (const line of lines) this.#deps.logger.info({ ...this.#names, hook: hook.name, event: this.#input.event, pod, line }, 'output of a hook');
    }
  }

  /** What the pod of a test has said last is noted with its run: the pod may be gone when somebody asks. */
  async #said(hook: Hook, run: HookRun): Promise<Pick<HookRun, 'pod' | 'log'>> {
    const [words] = this.#input.event === 'test' ? await this.#wordsOf(hook, run, LAST_LINES) : [];
    return words === undefined ? {} : { pod: words.pod, log: words.lines.map((line) => line.trim().slice(0, LINE)) };
  }

  async #wordsOf(hook: Hook, run: HookRun, lines: number) {
    const objects = await this.#objectsOf(hook, run).catch(() => []);
    const said = await Promise.all(objects.filter(({ ref }) => runsToEnd(ref)).map(({ ref }) => this.#deps.pods.lastWords(ref, lines, this.#signal)));
    return said.filter((one) => one !== undefined);
  }

  #note(hook: Hook, run: HookRun): void {
    this.#json = withRun(this.#json, hook, run);
    this.#isUnsaved = true;
  }

  #isUnsaved = false;

  async #save(change: { readonly status: RecordStatus; readonly description?: string }): Promise<void> {
    this.#record = await this.#deps.records.mark(this.#input.address, this.#record, { ...change, hooks: this.#json }, this.#signal);
    this.#isUnsaved = false;
  }

  get #releaseKey(): string {
    return keyOf(this.#input.owner);
  }

  get #names() {
    const { namespace, name } = this.#input.owner;
    return { namespace, name };
  }
}

/** Whether this is the object of the run with that mark. */
const isOfRun = (live: LiveObject | undefined, mark: string): live is LiveObject => live?.annotations[HOOK_RUN] === mark;

/** What is waited for until it has completed; of any other kind it is enough that it was created. */
const runsToEnd = ({ apiVersion, kind }: ObjectRef): boolean => (groupOf(apiVersion) === 'batch' && kind === 'Job') || (groupOf(apiVersion) === '' && kind === 'Pod');

/** An object that leaves its name to the API server gets one that is found again. */
const placed = ({ apiVersion, kind, name, json }: RenderedObject, namespace: string, mark: string): Pick<HookObject, 'ref' | 'json'> => {
  if (name !== '') return { ref: { apiVersion, kind, namespace, name }, json };
  const object = parseExact(new TextDecoder().decode(json)) as { readonly metadata: { readonly generateName: string } }; // helm-engine refuses an object without either name
  const given = generatedName(object.metadata.generateName, mark);
  const named = { ...object, metadata: { ...object.metadata, name: given } };
  return { ref: { apiVersion, kind, namespace, name: given }, json: new TextEncoder().encode(JSON.stringify(named)) };
};
