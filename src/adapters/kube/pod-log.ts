import { ClusterError } from '../../ports/cluster.ts';
import type { Connection } from './connection.ts';
import { within } from './pause.ts';

/** Whose log, and how much of it. */
export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  /** The only one of the pod where absent. */
  readonly container?: string;
  /** Of the container before the one that runs. */
  readonly isPrevious?: boolean;
  readonly lines: number;
  readonly timeoutMs: number;
}

/** So much of a log is read at most. */
const LOG_BYTES = 16 * 1024;

/** The last lines of a container's log that are not blank. Rejects with ClusterError, also where the kubelet does not answer in time. */
export const readLog = async (connection: Connection, { namespace, pod, container, isPrevious, lines, timeoutMs }: LogRequest, signal: AbortSignal): Promise<readonly string[]> => {
  // Some lines more, since blank ones do not count.
  const query = new URLSearchParams({ tailLines: String(lines + SPARE_LINES), limitBytes: String(LOG_BYTES) });
  if (container !== undefined) query.set('container', container);
  if (isPrevious === true) query.set('previous', 'true');
  const action = `read the log of Pod ${namespace}/${pod}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`;
  const late = () => new ClusterError('Unavailable', `cannot ${action}: no answer in ${timeoutMs / 1000} s`);
  const { body } = await within(connection.clock, { timeoutMs, late }, signal, (bounded) => connection.api.ask(action, { method: 'GET', path }, bounded));
  return body
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-lines);
};

const SPARE_LINES = 5;
