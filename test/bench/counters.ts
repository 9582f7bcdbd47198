import type { ApiClient } from './api-client.ts';

/** Requests that were answered and runs that were made so far. */
export interface Counters {
  /** Reads that the API server has answered, by `LIST secrets` and so on; watches apart. */
  readonly reads: ReadonlyMap<string, number>;
  /** Runs of a release by the operator. */
  readonly runs: number;
}

/** Both by the server's and the operator's own metrics. */
export const countersNow = async (client: ApiClient, operatorMetrics: string): Promise<Counters> => {
  const [server, operator] = await Promise.all([client.send({ method: 'GET', path: '/metrics', accept: 'text/plain' }), fetch(operatorMetrics).then((answer) => answer.text())]);
  return { reads: parseReads(server), runs: parseRuns(operator) };
};

/** Reads from the text of kube-apiserver's /metrics. */
export const parseReads = (metrics: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { label, value } of seriesOf(metrics, 'apiserver_request_total')) {
    const [verb, resource] = [label('verb'), label('resource')];
    if ((verb !== 'GET' && verb !== 'LIST') || resource === '') continue;
    counts.set(`${verb} ${resource}`, (counts.get(`${verb} ${resource}`) ?? 0) + value);
  }
  return counts;
};

/** Runs, whatever came of them, from the text of the operator's /metrics. */
export const parseRuns = (metrics: string): number => seriesOf(metrics, 'controller_runtime_reconcile_total').reduce((total, { value }) => total + value, 0);

interface Series {
  readonly label: (name: string) => string;
  readonly value: number;
}

/** Series of one metric (Prometheus text format). */
const seriesOf = (metrics: string, name: string): readonly Series[] =>
  metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => ({
      label: (key) => new RegExp(`[{,]${key}="([^"]*)"`).exec(line)?.[1] ?? '',
      value: Number(line.slice(line.lastIndexOf(' ') + 1)),
    }));
