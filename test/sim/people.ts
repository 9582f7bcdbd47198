import { API_VERSION, type ChartReleaseStatus, KIND, PIN, PLURAL, RECONCILE_AT } from '../../src/api/chart-release.ts';
import type { Condition } from '../../src/api/conditions.ts';
import { conditionOf } from '../../src/core/conditions.ts';
import { pick } from '../seeded.ts';
import type { Stored } from './api/object.ts';
import { CHARTS, isGood, type SimulatedChart } from './charts.ts';
import { NAMESPACE, type Simulation } from './simulation.ts';

const RELEASES_PATH = `/apis/${API_VERSION}/namespaces/${NAMESPACE}/${PLURAL}`;
const CONFIG_MAPS_PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const SECRETS_PATH = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const DEPLOYMENTS_PATH = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;

type Spec = Readonly<Record<string, unknown>>;

/** What people want of one release, and do to it. */
export class Person {
  readonly name: string;
  readonly #simulation: Simulation;
  #wishes = 0;
  /** An object of the release was deleted once. */
  hasDeleted = false;
  /** The Deployment was scaled to nothing once: without Pods it is ready, whatever is wrong with them. */
  hasEmptied = false;

  constructor(simulation: Simulation, name: string) {
    this.#simulation = simulation;
    this.name = name;
  }

  /** The tag that is followed; each release has its own. */
  get tag(): string {
    return this.name;
  }

  /** The ChartRelease as it is. */
  get release(): Stored | undefined {
    const { status, object } = this.#simulation.ask('GET', `${RELEASES_PATH}/${this.name}`);
    return status === 200 ? (object as Stored) : undefined; // as stored
  }

  /** What its status says of Ready. */
  get ready(): Condition | undefined {
    const { conditions } = (this.release?.['status'] ?? {}) as ChartReleaseStatus; // written by the operator
    return conditionOf(conditions, 'Ready');
  }

  /** Records of the Helm release, oldest first. */
  get records(): readonly Stored[] {
    const { object } = this.#simulation.ask('GET', `${SECRETS_PATH}?labelSelector=owner=helm,name=${this.name}`);
    const { items } = object as { readonly items: readonly Stored[] }; // a list
    return items.toSorted((one, other) => revisionOf(one) - revisionOf(other));
  }

  push(chart: SimulatedChart): void {
    this.#simulation.tell(() => `${this.name}: ${chart.version} is pushed`);
    this.#simulation.registry.push(this.tag, chart);
  }

  create(): void {
    const { random } = this.#simulation;
    const spec = {
      chart: `registry.test/charts/sim:${this.tag}`,
      values: { wish: 0 },
      valuesFrom: [{ kind: 'ConfigMap', name: `${this.name}-given`, optional: true }],
      timeout: pick(random, ['1m', '2m', '5m']),
      historyLimit: pick(random, [1, 2, 10]),
      ...(random() < 0.5 && { onFailure: pick(random, ['Rollback', 'Keep', 'Uninstall']) }),
      drift: { mode: pick(random, ['Warn', 'Correct', 'Ignore']) },
    };
    this.#simulation.ask('POST', RELEASES_PATH, { apiVersion: API_VERSION, kind: KIND, metadata: { name: this.name }, spec });
  }

  createAgain(): void {
    if (this.release === undefined) this.create();
  }

  delete(): void {
    this.#simulation.ask('DELETE', `${RELEASES_PATH}/${this.name}`);
  }

  change(spec: Spec): void {
    this.#patch({ spec });
  }

  annotate(annotations: Readonly<Record<string, string | null>>): void {
    this.#patch({ metadata: { annotations } });
  }

  /** Other values, in the spec. */
  wish(): void {
    this.#wishes += 1;
    this.change({ values: { wish: this.#wishes } });
  }

  /** Other values, in a ConfigMap. */
  give(): void {
    this.#wishes += 1;
    const name = `${this.name}-given`;
    const data = { 'values.yaml': JSON.stringify({ given: this.#wishes }) };
    const { status } = this.#simulation.ask('PATCH', `${CONFIG_MAPS_PATH}/${name}`, { data });
    if (status === 404) this.#simulation.ask('POST', CONFIG_MAPS_PATH, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  }

  takeBack(): void {
    this.#simulation.ask('DELETE', `${CONFIG_MAPS_PATH}/${this.name}-given`);
  }

  /** Changes or deletes an object of the release by hand. */
  meddle(): void {
    const { random } = this.#simulation;
    const paths = [`${CONFIG_MAPS_PATH}/${this.name}-config`, `${CONFIG_MAPS_PATH}/${this.name}-one`, `${DEPLOYMENTS_PATH}/${this.name}`];
    const path = pick(random, paths);
    if (random() < 0.3) this.#delete(path);
    else if (path.startsWith(DEPLOYMENTS_PATH)) this.#scale(path, Math.floor(random() * 5));
    else this.#simulation.ask('PATCH', `${path}?fieldManager=kubectl-edit`, { data: { version: 'by hand' } });
  }

  #delete(path: string): void {
    this.hasDeleted = true;
    this.#simulation.ask('DELETE', path);
  }

  #scale(path: string, replicas: number): void {
    if (replicas === 0) this.hasEmptied = true;
    this.#simulation.ask('PATCH', `${path}?fieldManager=kubectl-edit`, { spec: { replicas } });
  }

  /** Does something, drawn by lot. */
  act(): void {
    const { random } = this.#simulation;
    const deeds: readonly (readonly [weight: number, deed: () => void])[] = [
      [8, () => this.push(pick(random, CHARTS))],
      [3, () => this.push(pick(random, CHARTS.filter(isGood)))],
      [3, () => this.wish()],
      [2, () => this.give()],
      [1, () => this.takeBack()],
      [3, () => this.meddle()],
      [1, () => this.change({ suspend: random() < 0.5 })],
      [1, () => this.change({ timeout: pick(random, ['1m', '2m']), onFailure: pick(random, ['Rollback', 'Keep', 'Uninstall', null]) })],
      [1, () => this.annotate({ [PIN]: random() < 0.5 ? null : String(1 + Math.floor(random() * 4)) })],
      [2, () => this.annotate({ [RECONCILE_AT]: String(this.#simulation.timeline.now) })],
      [1, () => this.delete()],
      [3, () => this.createAgain()],
    ];
    let lot = random() * deeds.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, deed] of deeds) {
      lot -= weight;
      if (lot >= 0) continue;
      deed();
      return;
    }
  }

  /** What is wished for last: most of the time that a good chart runs. */
  settle(): void {
    const { random } = this.#simulation;
    if (random() < 0.9) this.push(pick(random, CHARTS.filter(isGood)));
    if (random() < 0.9) this.annotate({ [PIN]: null });
    // Time enough for what is slow: else it may fail three times by chance, and is tried again too late for the end of a course.
    this.change({ suspend: random() < 0.1, drift: { mode: 'Correct' }, timeout: '2m' });
  }

  #patch(patch: unknown): void {
    this.#simulation.ask('PATCH', `${RELEASES_PATH}/${this.name}`, patch);
  }
}

export const revisionOf = ({ metadata }: Stored): number => Number(metadata.labels?.['version']);
