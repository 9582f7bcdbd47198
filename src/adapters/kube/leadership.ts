import { decideElection, type Lease, RELEASED_MS, sight, type Sighting, type Step } from '../../core/election.ts';
import type { RecordHead, Term } from '../../core/record.ts';
import { highestEpochIn, openedLater } from '../../core/term.ts';
import type { Clock } from '../../ports/clock.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { Logger } from '../../ports/logger.ts';
import { hasCode } from './api-error.ts';
import type { Tenure } from './fence.ts';
import type { Claim, KubeLease } from './lease.ts';
import { pause, within } from './pause.ts';

/** Times of an election, as client-go has them. */
export interface ElectionTimes {
  /** How long others wait for a leader who does not renew. */
  readonly leaseMs: number;
  /** How long a leader goes on without a renewal. */
  readonly renewDeadlineMs: number;
  /** Between two looks at the Lease. */
  readonly retryMs: number;
}

export interface LeadershipOptions {
  readonly lease: Pick<KubeLease, 'name' | 'read' | 'write'>;
  readonly tenure: Tenure;
  /** Different from that of every other process there ever was. */
  readonly identity: string;
  readonly times: ElectionTimes;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** When the Lease was taken: in which epoch, and the time that is written there. */
interface Hold {
  readonly epoch: number;
  readonly acquiredAt: number;
}

/** This replica's part in the election of a leader by a Lease: it stands by, takes it, renews it, hands it on. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #resigning = new AbortController();
  #sighting: Sighting | undefined;
  #hold: Hold | undefined;
  #highestEpoch: number | undefined;
  #doubtedEpoch = -1;
  #renewNow = (): void => undefined;
  #keeping = Promise.resolve();

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Undefined while this replica does not lead. */
  get term(): Term | undefined {
    return this.#options.tenure.term;
  }

  /** Name of the Lease, `namespace/name`. */
  get lease(): string {
    return this.#options.lease.name;
  }

  /** What there is to say of it, in a few words. */
  describe(): string {
    const { lease } = this.#options;
    if (this.term !== undefined) return `leader by Lease ${lease.name}, epoch ${this.term.epoch}`;
    return `standby; Lease ${lease.name} is held by ${this.#sighting?.lease?.holder || 'nobody'}`;
  }

  /** Resolves when this replica leads; it renews the Lease from then on until it resigns. Rejects only when the signal aborts. */
  async campaign(signal: AbortSignal): Promise<void> {
    for (let waitMs = await this.#look(signal); waitMs !== undefined; waitMs = await this.#look(signal)) await pause(this.#options.clock, waitMs, signal);
    if (this.#hold !== undefined) this.#keeping = this.#keep(this.#hold, this.#resigning.signal);
  }

  /** Hands the Lease on, if this replica leads: nothing may be written from then on. To be called when all work has ended. */
  async resign(): Promise<void> {
    const { tenure, lease, logger } = this.#options;
    this.#resigning.abort(new Error('the leader resigns'));
    await this.#keeping;
    if (this.#hold === undefined || !tenure.isOpen()) return;
    const claim = { ...this.#claim(this.#hold), holder: '', durationMs: RELEASED_MS };
    tenure.end();
    try {
      await this.#bounded(NEVER, (signal) => this.#write(claim, signal));
      logger.info({ lease: lease.name }, 'the Lease is released');
    } catch (error) {
      logger.warn({ lease: lease.name, error: wordsOf(error) }, 'the Lease could not be released: the next leader waits until it has run out');
    }
  }

  /** The records of a release are others than before. What stands there is a reason to look at the Lease and no more: others may write Secrets too. */
  recordsChanged(heads: readonly RecordHead[]): void {
    const { lease, logger } = this.#options;
    this.#highestEpoch = highestEpochIn(heads, lease.name, this.#highestEpoch);
    const later = this.term === undefined ? undefined : openedLater(heads, this.term);
    if (later === undefined || later.epoch <= this.#doubtedEpoch) return;
    this.#doubtedEpoch = later.epoch;
    logger.warn({ lease: lease.name, ...later }, 'a record says that there is a later leader: looking at the Lease');
    this.#renewNow();
  }

  /** One look of a replica that does not lead. Returns when the next is due; undefined once it leads. */
  async #look(signal: AbortSignal): Promise<number | undefined> {
    const { lease, times, logger } = this.#options;
    try {
      this.#see(await this.#bounded(signal, (bounded) => lease.read(bounded)));
      const step = this.#decide();
      if (step.kind === 'Take') return await this.#take(step, signal);
      return step.kind === 'Wait' ? Math.min(step.forMs, times.retryMs) : times.retryMs;
    } catch (error) {
      signal.throwIfAborted();
      if (hasCode(error, 'Conflict')) logger.info({ lease: lease.name }, 'another replica was faster to take the Lease');
      else logger.warn({ lease: lease.name, error: wordsOf(error) }, 'the Lease cannot be looked at, or taken: it is tried again');
      return times.retryMs;
    }
  }

  async #take({ over, epoch }: Extract<Step, { readonly kind: 'Take' }>, signal: AbortSignal): Promise<undefined> {
    const { clock, lease, tenure, identity, logger } = this.#options;
    const begunMs = clock.elapsed();
    const hold = { epoch, acquiredAt: clock.now() };
    this.#see(await this.#bounded(signal, (bounded) => lease.write(this.#claim(hold), over, bounded)));
    this.#hold = hold;
    tenure.begin({ lease: lease.name, epoch }, begunMs);
    logger.info({ lease: lease.name, identity, epoch }, 'leading');
  }

  async #keep(hold: Hold, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#rest(signal);
      if (!signal.aborted && this.#options.tenure.isOpen()) await this.#renew(hold, signal);
    }
  }

  /** Until the next renewal is due, or a record makes it urgent. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { clock, times } = this.#options;
    const urgent = new AbortController();
    this.#renewNow = () => urgent.abort();
    await pause(clock, times.retryMs, AbortSignal.any([signal, urgent.signal])).catch(() => undefined); // whatever has ended it
  }

  async #renew(hold: Hold, signal: AbortSignal): Promise<void> {
    const { clock, lease, tenure, logger } = this.#options;
    const begunMs = clock.elapsed();
    try {
      const other = await this.#bounded(signal, (bounded) => this.#write(this.#claim(hold), bounded));
      if (other === undefined) tenure.prolong(begunMs);
      else tenure.lose(`${other || 'nobody'} holds the Lease`);
    } catch (error) {
      if (!signal.aborted) logger.warn({ lease: lease.name, error: wordsOf(error) }, 'the Lease could not be renewed: it is tried again');
    }
  }

  /** Writes over the Lease as it was seen last or, where it is another by now, as it is. Returns its holder where that is somebody else. */
  async #write(claim: Claim, signal: AbortSignal): Promise<string | undefined> {
    const { lease } = this.#options;
    try {
      this.#see(await lease.write(claim, this.#sighting?.lease, signal));
      return undefined;
    } catch (error) {
      if (!hasCode(error, 'Conflict') && !hasCode(error, 'NotFound')) throw error;
    }
    this.#see(await lease.read(signal));
    const step = this.#decide();
    if (step.kind === 'Lost') return step.holder;
    this.#see(await lease.write(claim, this.#sighting?.lease, signal));
    return undefined;
  }

  #see(lease: Lease | undefined): void {
    const {
      clock,
      logger,
      lease: { name },
    } = this.#options;
    const before = this.#sighting;
    this.#sighting = sight(before, lease, clock.elapsed());
    if (lease !== undefined && lease.transitions > (this.#highestEpoch ?? -1)) this.#highestEpoch = lease.transitions;
    const holder = lease?.holder ?? '';
    if (holder !== '' && holder !== this.#options.identity && holder !== before?.lease?.holder) logger.info({ lease: name, holder }, 'standing by: another replica leads');
  }

  #decide(): Step {
    const { clock, identity, times } = this.#options;
    const now = clock.elapsed();
    const replica = { identity, durationMs: times.leaseMs, epoch: this.#hold?.epoch, highestEpoch: this.#highestEpoch };
    return decideElection(this.#sighting ?? { lease: undefined, sinceMs: now }, replica, now);
  }

  #claim({ epoch, acquiredAt }: Hold): Claim {
    const { clock, identity, times } = this.#options;
    return { holder: identity, durationMs: times.leaseMs, transitions: epoch, acquiredAt, renewedAt: clock.now() };
  }

  /** One try, in half the time that a leader has: a connection that is dead leaves time for another one. */
  #bounded<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, lease, times } = this.#options;
    const timeoutMs = times.renewDeadlineMs / 2;
    const late = () => new ClusterError('Unavailable', `no answer about Lease ${lease.name} in ${timeoutMs / 1000} s`);
    return within(clock, { timeoutMs, late }, signal, run);
  }
}

/** What hands the Lease on is ended by its time-out alone. */
const NEVER = new AbortController().signal;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
