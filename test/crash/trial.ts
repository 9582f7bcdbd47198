import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ApiClient } from '../bench/api-client.ts';
import type { Change } from '../lab/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Track } from '../lab/recorder.ts';
import { helm3 } from '../lab/run.ts';
import { pushChart } from '../registry/push.ts';
import { newCanary } from './canary.ts';
import { type Step, stepOf, type StoredRecord } from './steps.ts';
import { World } from './world.ts';

type Files = Parameters<typeof pushChart>[3];

/** Where a scenario leads, however often the operator is killed: Ready's reason, and the records by status, oldest first; or nothing is left. */
export type End = { readonly kind: 'Release'; readonly reason: string; readonly records: readonly (readonly [revision: number, status: string])[] } | { readonly kind: 'Gone' };

/** Where a trial takes place. */
export interface Venue {
  readonly lab: Omit<Lab, 'stop'>;
  readonly client: ApiClient;
  readonly namespace: string;
  readonly track: Track;
}

const PATIENCE_MS = 120_000;
const OPERATOR = 'tagalong.dev/operator';

/** One release that goes through a scenario, and what etcd has seen of it. */
export class Trial {
  readonly release: string;
  /** A value of it, which is in a Secret. */
  readonly canary = newCanary();
  /** Digests by release and version: `r0001 1.0.0`. */
  readonly pushed = new Map<string, string>();
  readonly world = new World();
  readonly #venue: Venue;
  readonly #steps: Step[] = [];
  readonly #events: { readonly reason: string; readonly text: string }[] = [];
  /** Every ChartRelease as it was, and the metadata of records. */
  readonly #readable: string[] = [];

  constructor(venue: Venue, release: string, before: readonly Change[]) {
    this.#venue = venue;
    this.release = release;
    for (const change of before) this.hear(change);
  }

  /** Takes a change of one of its keys. */
  hear(change: Change): void {
    const { key, value } = change;
    if (key.startsWith('/registry/events/')) {
      if (value !== undefined) this.#hearEvent(value);
      return;
    }
    const step = stepOf(change);
    if (step === undefined) return;
    this.#steps.push(step);
    this.world.take(step);
    if (value !== undefined && step.kind === 'Release') this.#readable.push(value);
    if (value !== undefined && step.kind === 'Record') this.#readable.push(JSON.stringify((JSON.parse(value) as { readonly metadata: unknown }).metadata)); // an object
  }

  #hearEvent(value: string): void {
    const { reason, reportingComponent } = JSON.parse(value) as { readonly reason: string; readonly reportingComponent?: string }; // of v1, as it is stored
    if (reportingComponent === OPERATOR) this.#events.push({ reason, text: value });
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** What others may read of it. */
  get readable(): string {
    return [...this.#readable, ...this.#events.map(({ text }) => text)].join('\n');
  }

  /** A group of its own for a CustomResourceDefinition. */
  get crdGroup(): string {
    return `${this.release}.${this.#venue.namespace}`;
  }

  /** Points a tag at a chart, and the value Secret at the canary. */
  async push(tag: string, version: string, files: Files): Promise<void> {
    this.pushed.set(`${this.release} ${version}`, await pushChart(this.#venue.lab.registry, this.#repository, tag, files));
  }

  /** Applies its ChartRelease, with what was given before and this. */
  async apply(spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.#addValues();
    this.#spec = { ...this.#spec, ...spec };
    const { namespace, lab, client } = this.#venue;
    const chart = `${lab.registry}/${this.#repository}:stable`;
    const object = {
      apiVersion: 'tagalong.dev/v1beta1',
      kind: 'ChartRelease',
      metadata: { name: this.release, namespace },
      spec: { chart, valuesFrom: [{ kind: 'Secret', name: `${this.release}-values` }], ...this.#spec },
    };
    await client.send({ method: 'PATCH', path: `${this.#path}?fieldManager=test&force=true`, contentType: 'application/apply-patch+yaml', body: JSON.stringify(object) });
  }

  #spec: Readonly<Record<string, unknown>> = {};
  #hasValues = false;

  async #addValues(): Promise<void> {
    if (this.#hasValues) return;
    this.#hasValues = true;
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: `${this.release}-values` }, stringData: { 'values.yaml': this.#values } };
    await this.#venue.client.send({ method: 'POST', path: `/api/v1/namespaces/${this.#venue.namespace}/secrets`, body: JSON.stringify(secret) });
  }

  get #values(): string {
    return `secret: ${this.canary}\n`;
  }

  async lookNow(): Promise<void> {
    const body = JSON.stringify({ metadata: { annotations: { 'tagalong.dev/reconcile-at': randomBytes(4).toString('hex') } } });
    await this.#venue.client.send({ method: 'PATCH', path: this.#path, contentType: 'application/merge-patch+json', body });
  }

  async remove(): Promise<void> {
    await this.#venue.client.send({ method: 'DELETE', path: this.#path });
  }

  /** Deletes what it was given, when its ChartRelease is gone. */
  async clearAway(): Promise<void> {
    const { namespace, client } = this.#venue;
    if (this.#hasValues) await client.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/secrets/${this.release}-values` });
    for (const definition of [`widgets.${this.crdGroup}`, `gadgets.${this.crdGroup}`]) {
      if (this.#venue.track.now(`/registry/apiextensions.k8s.io/customresourcedefinitions/${definition}`) === undefined) continue;
      await client.send({ method: 'DELETE', path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition}` });
    }
  }

  /** Installs a chart by stock helm 3, which applies on the client's side: what it has set is folded into what is ours. */
  async installByHelm(files: Files): Promise<void> {
    const { lab, namespace } = this.#venue;
    const dir = path.join(lab.dir, 'charts', `${namespace}-${this.release}`);
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
      await writeFile(path.join(dir, file), text);
    }
    await helm3(lab, ['install', this.release, dir, '--namespace', namespace, '--values', '-'], { input: this.#values });
  }

  /** Resolves when it is at that end, and the Event of it is written: the operator rests. Rejects when it is not in time. */
  async settled(end: End): Promise<void> {
    const isSettled = (): boolean => this.isAt(end) && (end.kind === 'Gone' || this.#events.some(({ reason }) => reason === end.reason));
    if (!(await this.#venue.track.until(isSettled, PATIENCE_MS))) throw new Error(`${this.release} is not settled within ${PATIENCE_MS / 1000} s: ${this.describe()}`);
  }

  /** Whether it is where a scenario leads. */
  isAt(end: End): boolean {
    const release = this.world.release(this.release);
    if (end.kind === 'Gone') return release === undefined;
    return (
      release !== undefined &&
      release.reason === end.reason &&
      release.observedGeneration === release.generation &&
      release.isAnswered &&
      printRecords(this.records) === end.records.map(([revision, status]) => `${revision} ${status}`).join(', ')
    );
  }

  get records(): readonly StoredRecord[] {
    return this.world.records(this.release);
  }

  /** Where it is, in a line. */
  describe(): string {
    const release = this.world.release(this.release);
    const ready = release === undefined ? 'no ChartRelease' : `${release.reason || 'no reason yet'}, generation ${release.generation}, observed ${release.observedGeneration}`;
    return `${ready}; records: ${printRecords(this.records) || 'none'}; ${release?.status.slice(0, 400) ?? ''}`;
  }

  get #repository(): string {
    return `${this.#venue.namespace}/${this.release}`;
  }

  get #path(): string {
    return `/apis/tagalong.dev/v1beta1/namespaces/${this.#venue.namespace}/chartreleases/${this.release}`;
  }
}

const printRecords = (records: readonly StoredRecord[]): string => records.map(({ revision, status }) => `${revision} ${status}`).join(', ');
