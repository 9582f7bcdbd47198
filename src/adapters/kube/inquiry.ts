import { type Answers, type Cause, causeOf, isOpen, isPerhapsSlow, type Lead, leadOfClaim, leadOfPods, leadOfWorkload } from '../../core/cause.ts';
import type { PodState } from '../../core/pod-state.ts';
import { sortOf, type Workload } from '../../core/workload.ts';
import type { Scrutiny, Laggard } from '../../ports/causes.ts';
import type { Connection } from './connection.ts';
import type { Selection } from './list-page.ts';
import { PodWatch } from './pod-watch.ts';
import { Questions } from './questions.ts';
import type { Reluctance } from './reluctance.ts';

/** What an inquiry has from the one who makes it. */
export interface InquiryTools {
  readonly connection: Connection;
  readonly reluctance: Reluctance;
  /** Wakes the release. */
  readonly wake: () => void;
  /** Whether one more watch may be opened; if so, it counts until `watchEnded`. */
  readonly mayWatch: () => boolean;
  readonly watchEnded: () => void;
}

interface Found {
  /** The lead that it was found by, and how many lines of a log were wanted. */
  readonly sign: string;
  readonly cause: Cause | undefined;
  /** Events and logs were asked too. */
  readonly isAsked: boolean;
  readonly lines: readonly string[];
  /** How often the same lead was looked at before, and from when on that is worth the while again, in ms. */
  readonly looks: number;
  readonly againAt: number;
}

/** What is found out about one object that is not ready. */
export class Inquiry {
  readonly #tools: InquiryTools;
  readonly #laggard: Laggard;
  readonly #questions: Questions;
  #workload: Workload | undefined;
  #watch: PodWatch | undefined;
  #found: Found | undefined;
  #lookedAt = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(tools: InquiryTools, laggard: Laggard) {
    this.#tools = tools;
    this.#laggard = laggard;
    this.#questions = new Questions(tools.connection, tools.reluctance, laggard.ref);
  }

  /** What was found out last. */
  get cause(): Cause | undefined {
    return this.#found?.cause;
  }

  /** As Causes.of, but rejects with ClusterError where the API server does not say. */
  async look(scrutiny: Scrutiny, signal: AbortSignal): Promise<Cause | undefined> {
    this.#lookedAt = this.#now();
    try {
      const lead = await this.#leadOf(scrutiny, signal);
      if (lead !== undefined && !this.#isEnough(lead, scrutiny)) await this.#follow(lead, scrutiny, signal);
      return this.cause;
    } finally {
      // What is hopeless has failed: nothing is waited for any more.
      if (scrutiny.isWatched && this.cause?.isHopeless !== true) this.#wakeAfter(this.#found === undefined ? UNKNOWN_PAUSE_MS : LEASE_MS);
      else this.close();
    }
  }

  /** Watches nothing and wakes nobody any more. */
  close(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    if (this.#watch === undefined) return;
    this.#watch.end();
    this.#watch = undefined;
    this.#tools.watchEnded();
  }

  async #leadOf({ isWatched }: Scrutiny, signal: AbortSignal): Promise<Lead | undefined> {
    const { ref, uid, since } = this.#laggard;
    switch (sortOf(ref)) {
      case undefined:
        return undefined;
      case 'Claim':
        return leadOfClaim(uid);
      case 'Pod':
        return leadOfPods(await this.#pods({ fieldSelector: `metadata.name=${ref.name}` }, isWatched, signal));
      case 'Workload':
        this.#workload ??= await this.#questions.workload(signal);
        if (this.#workload === undefined) return undefined;
        return leadOfWorkload(this.#workload, await this.#pods({ labelSelector: this.#workload.selector }, isWatched, signal), since);
    }
  }

  async #pods(which: Pick<Selection, 'labelSelector' | 'fieldSelector'>, isWatched: boolean, signal: AbortSignal): Promise<readonly PodState[]> {
    try {
      return await this.#questions.pods(this.#questions.podsWhere(which), (selection) => this.#watch ?? (isWatched ? this.#openWatch(selection) : undefined), signal);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Undefined where there are too many watches already. */
  #openWatch(selection: Selection): PodWatch | undefined {
    if (!this.#tools.mayWatch()) return undefined;
    this.#watch = new PodWatch(this.#tools.connection, selection, () => this.#wakeAfter(Math.max(0, this.#askedAt + PAUSE_MS - this.#now())));
    return this.#watch;
  }

  /** Whether there is nothing to find out that is not known. A Job's pods may be gone when it fails: what they said before counts. */
  #isEnough(lead: Lead, { isWatched, lines }: Scrutiny): boolean {
    const found = this.#found;
    if (found === undefined) return false;
    if (!isWatched && this.#laggard.ref.kind === 'Job' && lead.weight === 0 && found.cause !== undefined) return true;
    if (found.sign !== signOf(lead, lines)) return false;
    return isWatched ? !this.#isRepeated(lead) || this.#now() < found.againAt : found.isAsked;
  }

  async #follow(lead: Lead, { isWatched, lines }: Scrutiny, signal: AbortSignal): Promise<void> {
    const now = this.#now();
    if (isWatched && now < this.#askedAt + PAUSE_MS) return this.#wakeAfter(this.#askedAt + PAUSE_MS - now);
    const sign = signOf(lead, lines);
    const before = this.#found?.sign === sign ? this.#found : undefined;
    const isAsked = !isWatched || before !== undefined || !isPerhapsSlow(lead);
    if (isAsked) this.#askedAt = now;
    const known = before?.isAsked === true ? before : undefined;
    // A log is read once: its lines may have times, and say the same.
    const answers = isAsked ? await this.#questions.answers(lead, { lines, known: known?.lines }, signal) : NO_ANSWERS;
    // Events go after an hour, and cannot be had at times.
    const cause = known !== undefined && answers.events.length === 0 ? known.cause : causeOf(lead, answers, known?.cause);
    const looks = before === undefined ? 0 : before.looks + 1;
    const pauseMs = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** looks);
    this.#found = { sign, cause, isAsked, lines: answers.lines, looks, againAt: now + pauseMs };
    if (isWatched && this.#isRepeated(lead)) this.#wakeAfter(pauseMs);
  }

  /** No pod's change tells when there is something else to be found out. */
  #isRepeated(lead: Lead): boolean {
    return isOpen(lead) || this.#watch === undefined;
  }

  #wakeAfter(delayMs: number): void {
    const at = this.#now() + delayMs;
    if (this.#alarm !== undefined && this.#alarm.at <= at) return;
    this.#alarm?.cancel();
    this.#alarm = { at, cancel: this.#tools.connection.clock.after(delayMs, () => this.#ring()) };
  }

  #ring(): void {
    this.#alarm = undefined;
    const leaseLeftMs = this.#lookedAt + LEASE_MS - this.#now();
    if (leaseLeftMs <= 0) this.close();
    else this.#wakeAfter(leaseLeftMs);
    this.#tools.wake();
  }

  #now(): number {
    return this.#tools.connection.clock.now();
  }
}

const signOf = (lead: Lead, lines: number): string => JSON.stringify([lead, lines]);

const NO_ANSWERS: Answers = { events: [], lines: [] };

/** Between two looks at Events and logs, at least. */
const PAUSE_MS = 1_000;
/** Between two looks at what no pod's change tells of; it doubles. */
const FIRST_PAUSE_MS = 2_000;
const MOST_PAUSE_MS = 30_000;
/** How soon it is tried again where nothing could be found out, or there is nothing yet, as a Deployment's ReplicaSet. */
const UNKNOWN_PAUSE_MS = 5_000;
/** A watch that nobody has asked for in this time is ended; who still waits is woken, and asks again. */
const LEASE_MS = 300_000;
