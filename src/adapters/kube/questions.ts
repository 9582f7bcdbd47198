import type { Answers, EventQuestion, Lead } from '../../core/cause.ts';
import { type KubeEvent, readEvent } from '../../core/kube-event.ts';
import { type ObjectRef, printRef } from '../../core/object-ref.ts';
import { type PodState, readPod } from '../../core/pod-state.ts';
import { readWorkload, selectorOf, type Workload } from '../../core/workload.ts';
import { readJson } from './api.ts';
import type { Connection } from './connection.ts';
import { fieldsOf } from './kube-object.ts';
import { listPage, type Selection } from './list-page.ts';
import { readLog } from './pod-log.ts';
import type { PodWatch } from './pod-watch.ts';
import type { Reluctance } from './reluctance.ts';

/** What is asked of the API server about one object that is not ready. Of each list only the first page is read. */
export class Questions {
  readonly #connection: Connection;
  readonly #reluctance: Reluctance;
  readonly #ref: ObjectRef;

  constructor(connection: Connection, reluctance: Reluctance, ref: ObjectRef) {
    this.#connection = connection;
    this.#reluctance = reluctance;
    this.#ref = ref;
  }

  /** How the pods of the object are found; undefined while that cannot be said. Rejects with ClusterError. */
  async workload(signal: AbortSignal): Promise<Workload | undefined> {
    const { api, discovery } = this.#connection;
    const action = `look at ${printRef(this.#ref)}`;
    const object = fieldsOf(readJson(action, await api.ask(action, { method: 'GET', path: await discovery.pathOf(this.#ref, signal) }, signal)));
    if (this.#ref.kind !== 'Deployment') return readWorkload(object, []);
    const path = `/apis/apps/v1/namespaces/${this.#namespace}/replicasets`;
    return readWorkload(object, await this.#list('ReplicaSets', { path, labelSelector: selectorOf(object), isMetadataOnly: true }, signal));
  }

  /** Which pods are listed or watched. */
  podsWhere(which: Pick<Selection, 'labelSelector' | 'fieldSelector'>): Selection {
    return { path: `/api/v1/namespaces/${this.#namespace}/pods`, ...which, isMetadataOnly: false, most: MOST_OBJECTS };
  }

  /** Pods from a watch, which may be opened now, or listed where there is none. Rejects with ClusterError. */
  pods(selection: Selection, watchOn: (selection: Selection) => PodWatch | undefined, signal: AbortSignal): Promise<readonly PodState[]> {
    return this.#reluctance.try(`pods ${this.#ref.namespace}`, async () => {
      const watch = watchOn(selection);
      return watch === undefined ? (await this.#list('pods', selection, signal)).map(readPod) : watch.pods(signal);
    });
  }

  /** What Events and a log say to the lead, empty where they cannot be had. Lines that are known already are not read again. Rejects only when the signal aborts. */
  async answers(lead: Lead, log: { readonly lines: number; readonly known: readonly string[] | undefined }, signal: AbortSignal): Promise<Answers> {
    const [events, lines] = await Promise.all([lead.events === undefined ? [] : this.#events(lead.events, signal), log.known ?? this.#log(lead, log.lines, signal)]);
    return { events, lines };
  }

  async #events(question: EventQuestion, signal: AbortSignal): Promise<readonly KubeEvent[]> {
    const path = `/api/v1/namespaces/${this.#namespace}/events`;
    const fieldSelector = question.about === 'Claims' ? 'involvedObject.kind=PersistentVolumeClaim' : `involvedObject.uid=${question.uid}`;
    const list = () => this.#list('Events', { path, fieldSelector, isMetadataOnly: false }, signal);
    return (await this.#reluctance.orNothing(`events ${this.#ref.namespace}`, list)).map(readEvent);
  }

  async #log({ pod, log }: Lead, lines: number, signal: AbortSignal): Promise<readonly string[]> {
    if (pod === undefined || log === undefined) return [];
    const { namespace } = this.#ref;
    const request = { namespace, pod: pod.name, ...log, lines, timeoutMs: LOG_PATIENCE_MS };
    return this.#reluctance.orNothing(`logs ${namespace}`, () => readLog(this.#connection, request, signal));
  }

  async #list(what: string, selection: Selection, signal: AbortSignal): Promise<readonly unknown[]> {
    const page = await listPage(this.#connection.api, `list the ${what} of ${printRef(this.#ref)}`, { ...selection, most: MOST_OBJECTS }, '', JSON.parse, signal);
    return page.kind === 'Gone' ? [] : page.objects;
  }

  get #namespace(): string {
    return encodeURIComponent(this.#ref.namespace);
  }
}

const MOST_OBJECTS = 100;
/** A kubelet that does not answer must not hold up the release. */
const LOG_PATIENCE_MS = 1_000;
