import { randomBytes } from 'node:crypto';
import { API_VERSION, KIND } from '../../api/chart-release.ts';
import { printRef } from '../../core/object-ref.ts';
import type { Announcement, Events, Subject } from '../../ports/events.ts';
import type { Connection } from './connection.ts';
import { eventOf, namespaceOf, type Reporter } from './event-object.ts';
import { METADATA_ONLY } from './kube-object.ts';

/** Value of `reportingController` in our Events. */
export const REPORTING_CONTROLLER = 'tagalong.dev/operator';

const MAX_QUEUED = 1000;

interface Queued {
  readonly namespace: string;
  readonly about: string;
  readonly body: string;
}

/** Events at best effort: written one after the other, and forgotten when that fails or too many wait. */
export class KubeEvents implements Events {
  readonly #connection: Connection;
  readonly #reporter: Reporter;
  readonly #queue: Queued[] = [];
  readonly #unique: () => string;
  #writing: Promise<void> | undefined;

  /**
   * `reportingInstance` names this instance of the operator, as its Pod's name does; `unique` gives a text of 16 hexadecimal digits that no
   * other Event has.
   */
  constructor(connection: Connection, reportingInstance: string, unique: () => string = () => randomBytes(8).toString('hex')) {
    this.#connection = connection;
    this.#unique = unique;
    this.#reporter = { controller: REPORTING_CONTROLLER, instance: reportingInstance };
  }

  announce(subject: Subject, announcement: Announcement): void {
    const about = printRef({ apiVersion: API_VERSION, kind: KIND, ...subject, ...subject.metadata });
    if (this.#queue.length >= MAX_QUEUED) {
      this.#connection.logger.warn({ about, reason: announcement.reason }, 'too many events wait, this one is dropped');
      return;
    }
    const event = eventOf(subject, announcement, this.#reporter, this.#connection.clock.now(), this.#unique());
    this.#queue.push({ namespace: namespaceOf(subject), about, body: JSON.stringify(event) });
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all that was announced is written, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#writing === undefined || signal.aborted) return;
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([this.#writing, aborted]);
    signal.removeEventListener('abort', stop);
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) await this.#write(next);
  }

  async #write({ namespace, about, body }: Queued): Promise<void> {
    const { api, logger } = this.#connection;
    const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    try {
      await api.ask(`write an Event about ${about}`, { method: 'POST', path, accept: METADATA_ONLY, body }, api.closing);
    } catch (error) {
      if (!api.closing.aborted) logger.warn({ about, error: error instanceof Error ? error.message : String(error) }, 'an event could not be written');
    }
  }
}
