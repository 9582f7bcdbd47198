import { API_VERSION, KIND } from '../../../src/api/chart-release.ts';
import { isAnotherUid } from '../../../src/adapters/kube/api-error.ts';
import { ClusterError } from '../../../src/ports/cluster.ts';
import type { SideAnswer, WatchEvent } from './sides.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Answers of one server in a form in which those of another one are the same: without what is drawn by lot, or is the time, or is a controller's. */
export class Normal {
  readonly #names = new Map<string, string>();

  /** An answer, as far as the operator looks into it. */
  answer({ status, object }: SideAnswer): unknown {
    const { kind, reason, message, details } = object as Fields;
    if (kind !== 'Status' || status < 300) return { status, object: kind === 'Status' ? 'done' : this.object(object) };
    const about = (details ?? {}) as Fields;
    return { status, reason, about: [about['kind'], about['name']], isAnotherUid: isAnotherUid(new ClusterError('Conflict', String(message))), fields: fieldsIn(about['causes']) };
  }

  /** What a watch tells. Where nothing is left of a change, a controller made it, at a time of its own. */
  events(told: readonly WatchEvent[]): readonly unknown[] {
    const events = told.map(({ type, object }) => ({ type, object: this.object(object) }));
    const isOurs = (at: number): boolean => events[at]?.type !== 'MODIFIED' || JSON.stringify(events[at].object) !== JSON.stringify(events[at - 1]?.object);
    return events.filter((_, at) => isOurs(at));
  }

  object(value: unknown): unknown {
    const { kind, items } = value as Fields;
    if (items !== undefined) return { kind, items: ((items ?? []) as readonly Fields[]).map((item) => this.#entry(item)) };
    return this.#walk(withoutControllers(value as Fields));
  }

  /** Lists of most kinds do not repeat apiVersion and kind. */
  #entry(item: Fields): unknown {
    const { apiVersion: _, kind, ...rest } = item;
    const { kind: __, ...entry } = this.object({ kind: kind ?? ('spec' in item && 'replicas' in (item['spec'] as Fields) ? 'Deployment' : undefined), ...rest }) as Fields;
    return entry;
  }

  #walk(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((part) => this.#walk(part));
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? this.#named(value) : value;
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, part]) => [key, this.#part(key, part)]),
    );
  }

  #part(key: string, part: unknown): unknown {
    if (key === 'uid' || key === 'resourceVersion') return this.#nameOf(`${key} ${String(part)}`);
    if (TIMES.has(key)) return 'a time';
    if (key === 'managedFields')
      return [...(part as readonly Fields[])].map((entry) => this.#walk(entry)).toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
    return this.#walk(part);
  }

  /** UIDs are in labels and selectors of Jobs too. */
  #named(text: string): string {
    return this.#names.get(`uid ${text}`) ?? text;
  }

  /** By the order in which they come. */
  #nameOf(text: string): string {
    const known = this.#names.get(text) ?? (text.endsWith(' ') ? 'none' : `${text.split(' ')[0]} ${this.#names.size}`);
    this.#names.set(text, known);
    return known;
  }
}

const TIMES: ReadonlySet<string> = new Set(['time', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds']);

const fieldsIn = (causes: unknown): unknown => (Array.isArray(causes) ? causes.map((cause) => (cause as Fields)['field']) : undefined);

const isRelease = ({ kind, metadata }: Fields): boolean =>
  kind === KIND || ((metadata as Fields | undefined)?.['managedFields'] as readonly Fields[] | undefined)?.some(({ apiVersion }) => apiVersion === API_VERSION) === true;

/** Deployments are written by controllers of a real cluster, at times of their own. */
const withoutControllers = (object: Fields): Fields => {
  if (isRelease(object)) {
    // Nobody looks at who has which field of a ChartRelease.
    const { managedFields: _, ...metadata } = object['metadata'] as Fields;
    return { ...object, metadata };
  }
  if (object['kind'] !== 'Deployment') return object;
  const { metadata, status: _, ...rest } = object;
  const { resourceVersion: __, annotations, managedFields, ...own } = metadata as Fields;
  const { 'deployment.kubernetes.io/revision': ___, ...others } = (annotations ?? {}) as Fields;
  const managed = ((managedFields ?? []) as readonly Fields[]).filter(({ manager }) => manager !== 'kube-controller-manager');
  return { ...rest, metadata: { ...own, ...(Object.keys(others).length > 0 && { annotations: others }), managedFields: managed } };
};
