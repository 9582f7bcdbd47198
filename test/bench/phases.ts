import { setTimeout as delay } from 'node:timers/promises';
import { pushChart } from '../registry/push.ts';
import { inFlight } from './api-client.ts';
import type { AuditedWrite } from './audit.ts';
import { benchChart, ONE_OBJECT_VALUES } from './chart.ts';
import type { FloorRequest } from './floor.ts';
import { measure, type Phase } from './phase.ts';
import type { Place } from './releases.ts';
import type { Rig } from './rig.ts';
import { takeSample } from './sample.ts';

const REPOSITORY = 'bench/web';
const TAG = 'stable';
/** The shortest that is taken, so that the bench need not wait for a poll for long. */
export const INTERVAL_SECONDS = 10;
const IN_FLIGHT = 16;
/** How long N releases may take before the bench gives up. */
const patienceMs = (count: number): number => 60_000 + count * 500;

/** An upgrade, and how long its first write came after the poll that saw the tag moved. */
export interface Upgrade extends Phase {
  readonly firstWriteMs: number;
}

/** What the bench does to its releases, one after the other. */
export class Course {
  readonly #rig: Rig;
  readonly #places: readonly Place[];
  readonly #signal: AbortSignal;
  #revision = 0;
  #digest = '';

  constructor(rig: Rig, places: readonly Place[], signal: AbortSignal) {
    this.#rig = rig;
    this.#places = places;
    this.#signal = signal;
  }

  /** Namespaces, and the chart's first version under the tag. */
  async lay(): Promise<void> {
    const namespaces = new Set(this.#places.flatMap(({ namespace, floorNamespace }) => [namespace, floorNamespace]));
    await inFlight([...namespaces], IN_FLIGHT, async (name) => {
      await this.#rig.client.send({ method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }) });
    });
    await this.#push(1);
  }

  /** Creates all ChartReleases; counts from the first of them until the last is Ready. */
  async install(): Promise<Phase> {
    return measure(this.#rig, () => this.#timed((place) => this.#create(place)), this.#signal);
  }

  /** Moves the tag; counts from the poll that sees it until the last release is Ready and the operator's last write is answered. */
  async upgrade(): Promise<Upgrade> {
    let firstWriteMs = Number.NaN;
    const phase = await measure(
      this.#rig,
      async (writesFrom) => {
        await this.#push(this.#revision + 1);
        const readyAt = await this.#reach();
        const seenAt = this.#rig.tap.requests.find(({ digest }) => digest === this.#digest)?.answeredAt ?? Number.NaN;
        await this.#rig.meter.quiet(this.#signal);
        const writes = (await writesFrom()).filter(({ kind }) => kind === 'Write');
        firstWriteMs = Math.min(...writes.map(({ receivedAt }) => receivedAt)) - seenAt;
        return (Math.max(readyAt, lastAnswer(writes)) - seenAt) / 1000;
      },
      this.#signal,
    );
    return { ...phase, firstWriteMs };
  }

  /** Changes values of all releases so that one object of each changes. */
  async changeValues(): Promise<Phase> {
    return measure(this.#rig, () => this.#timed((place) => this.#changeValues(place)), this.#signal);
  }

  /** Has the floor send what the last upgrade wrote. */
  async floor(kind: FloorRequest['kind']): Promise<Phase> {
    const { access, client, renderer, floor } = this.#rig;
    const [first] = this.#places;
    if (first === undefined) throw new Error('there are no releases');
    const sample = await takeSample(client, renderer, first);
    const request: FloorRequest = kind === 'Pass' ? { kind, sample } : { kind, sample, access, places: this.#places };
    return measure(this.#rig, () => floor.ask(request), this.#signal);
  }

  /** Leaves everything alone for so long. */
  async rest(seconds: number): Promise<Phase> {
    return measure(
      this.#rig,
      async () => {
        await delay(seconds * 1000, undefined, { signal: this.#signal });
        return seconds;
      },
      this.#signal,
    );
  }

  async #push(revision: number): Promise<void> {
    this.#digest = await pushChart(this.#rig.lab.registry, REPOSITORY, TAG, await benchChart(`1.${revision - 1}.0`));
  }

  /** Does it to all releases and waits until they are Ready at the next revision; seconds from the first request on. */
  async #timed(change: (place: Place) => Promise<void>): Promise<number> {
    const began = Date.now();
    const reached = this.#reach();
    // What fails first is told; the other must not be an unhandled rejection then.
    reached.catch(() => undefined);
    await inFlight(this.#places, IN_FLIGHT, change);
    return ((await reached) - began) / 1000;
  }

  async #reach(): Promise<number> {
    this.#revision += 1;
    const goal = { count: this.#places.length, revision: this.#revision, digest: this.#digest };
    return this.#rig.fleet.reach(goal, patienceMs(this.#places.length), this.#signal);
  }

  async #create({ namespace, name }: Place): Promise<void> {
    const spec = { chart: `${this.#rig.tap.host}/${REPOSITORY}:${TAG}`, interval: `${INTERVAL_SECONDS}s` };
    const body = JSON.stringify({ apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', metadata: { name }, spec });
    await this.#rig.client.send({ method: 'POST', path: releasesIn(namespace), body });
  }

  async #changeValues({ namespace, name }: Place): Promise<void> {
    const body = JSON.stringify({ spec: { values: ONE_OBJECT_VALUES } });
    await this.#rig.client.send({ method: 'PATCH', path: `${releasesIn(namespace)}/${name}`, contentType: 'application/merge-patch+json', body });
  }
}

const releasesIn = (namespace: string): string => `/apis/tagalong.dev/v1beta1/namespaces/${namespace}/chartreleases`;

const lastAnswer = (writes: readonly AuditedWrite[]): number => writes.reduce((last, { answeredAt }) => Math.max(last, answeredAt), 0);
