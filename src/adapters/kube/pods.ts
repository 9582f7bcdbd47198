import { epochMsOf } from '../../api/time.ts';
import type { ObjectRef } from '../../core/object-ref.ts';
import { podWords, tellingContainer } from '../../core/pod-state.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { LastWords, Pods } from '../../ports/pods.ts';
import { readJson } from './api.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, listOf, metadataOf } from './kube-object.ts';

/** So much of a log is read at most. */
const LOG_BYTES = 16 * 1024;
/** A kubelet that does not answer must not hold up the report. */
const LOG_PATIENCE_MS = 5_000;

/** Pods, each asked for when something went wrong, or its output is wanted. */
export class KubePods implements Pods {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async lastWords(ref: ObjectRef, lines: number, signal: AbortSignal): Promise<LastWords | undefined> {
    try {
      const pod = await this.#podOf(ref, signal);
      return pod === undefined ? undefined : await this.#wordsOf(pod, lines, signal);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      return undefined;
    }
  }

  async #podOf({ kind, namespace, name }: ObjectRef, signal: AbortSignal): Promise<unknown> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
    if (kind === 'Pod') return this.#get(`look at Pod ${namespace}/${name}`, `${path}/${encodeURIComponent(name)}`, signal);
    const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${name}`);
    const list = await this.#get(`list the pods of Job ${namespace}/${name}`, `${path}?labelSelector=${selector}&limit=100`, signal);
    return listOf(fieldsOf(list)['items'])
      .toSorted((one, other) => bornAt(one) - bornAt(other))
      .at(-1);
  }

  async #wordsOf(pod: unknown, lines: number, signal: AbortSignal): Promise<LastWords> {
    const { namespace, name } = metadataOf(pod);
    const container = tellingContainer(pod);
    const log = await this.#logOf({ namespace, name, container: container?.name }, lines, signal);
    return { pod: `${namespace}/${name}`, state: container?.text ?? podWords(pod), lines: log };
  }

  async #logOf(of: { readonly namespace: string; readonly name: string; readonly container: string | undefined }, lines: number, signal: AbortSignal): Promise<readonly string[]> {
    const query = `tailLines=${lines}&limitBytes=${LOG_BYTES}${of.container === undefined ? '' : `&container=${encodeURIComponent(of.container)}`}`;
    const path = `/api/v1/namespaces/${encodeURIComponent(of.namespace)}/pods/${encodeURIComponent(of.name)}/log?${query}`;
    const late = new AbortController();
    const cancel = this.#connection.clock.after(LOG_PATIENCE_MS, () => late.abort());
    try {
      const { body } = await this.#connection.api.ask(`read the log of Pod ${of.namespace}/${of.name}`, { method: 'GET', path }, AbortSignal.any([signal, late.signal]));
      return body
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
    } catch (error) {
      if (signal.aborted || !(error instanceof ClusterError || late.signal.aborted)) throw error;
      return [];
    } finally {
      cancel();
    }
  }

  async #get(action: string, path: string, signal: AbortSignal): Promise<unknown> {
    return readJson(action, await this.#connection.api.ask(action, { method: 'GET', path }, signal));
  }
}

const bornAt = (pod: unknown): number => epochMsOf(metadataOf(pod).creationTimestamp);
