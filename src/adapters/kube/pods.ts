import { epochMsOf } from '../../api/time.ts';
import type { ObjectRef } from '../../core/object-ref.ts';
import { readPod } from '../../core/pod-state.ts';
import { ClusterError } from '../../ports/cluster.ts';
import type { LastWords, Pods } from '../../ports/pods.ts';
import { readJson } from './api.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, listOf, metadataOf } from './kube-object.ts';
import { readLog } from './pod-log.ts';

/** A kubelet that does not answer must not hold up the report. */
const LOG_PATIENCE_MS = 5_000;

/** Pods, each asked for when its output is wanted. */
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
    const container = readPod(pod).trouble?.asks.log?.container;
    const request = { namespace, pod: name, ...(container !== undefined && { container }), lines, timeoutMs: LOG_PATIENCE_MS };
    return { pod: `${namespace}/${name}`, lines: await readLog(this.#connection, request, signal).catch(nothing) };
  }

  async #get(action: string, path: string, signal: AbortSignal): Promise<unknown> {
    return readJson(action, await this.#connection.api.ask(action, { method: 'GET', path }, signal));
  }
}

const nothing = (error: unknown): readonly string[] => {
  if (error instanceof ClusterError) return [];
  throw error;
};

const bornAt = (pod: unknown): number => epochMsOf(metadataOf(pod).creationTimestamp);
