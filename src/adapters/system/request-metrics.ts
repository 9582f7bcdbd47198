import type { Answered, ApiMetrics, ChartMetrics, RegistryMetrics, RegistryOperation, RenderMetrics } from '../../ports/metrics.ts';
import type { Instruments } from './instruments.ts';
import { Memo } from './memo.ts';
import type { Stopwatch } from './work-metrics.ts';

/** Whoever may write ChartReleases could have any number of hosts asked; from here on they are counted together. */
const MAX_REGISTRIES = 100;

/** Series that one kind of request ends in. They are looked up by status, so that a request makes no labels of its own. */
interface Ends {
  readonly took: { observe(seconds: number): void };
  readonly counted: Memo<number | undefined, { inc(): void }>;
}

const stopwatchOn = ({ took, counted }: Ends, now: Stopwatch): Answered => {
  const began = now();
  return (status) => {
    took.observe(now() - began);
    counted.get(status).inc();
  };
};

/** client-go's word where there was no answer. */
const codeOf = (status: number | undefined): string => (status === undefined ? '<error>' : String(status));

/** Requests to API servers as client-go counts them. */
export const apiMetrics = (instruments: Instruments, now: Stopwatch): ApiMetrics => {
  const total = instruments.counter('rest_client_requests_total');
  const duration = instruments.histogram('rest_client_request_duration_seconds');
  const retries = instruments.counter('rest_client_request_retries_total');
  return {
    to: (host) => {
      const methods = new Memo<string, Ends>((method) => ({
        took: duration.labels({ verb: method, host }),
        counted: new Memo((status) => total.labels({ code: codeOf(status), method, host })),
      }));
      return {
        begin: (method) => stopwatchOn(methods.get(method), now),
        retried: (method, status) => retries.inc({ code: codeOf(status), verb: method, host }),
      };
    },
  };
};

export const registryMetrics = (instruments: Instruments, now: Stopwatch): RegistryMetrics => {
  const total = instruments.counter('tagalong_registry_requests_total');
  const duration = instruments.histogram('tagalong_registry_request_duration_seconds');
  const changes = instruments.counter('tagalong_digest_changes_total');
  const registries = new Memo<string, Memo<RegistryOperation, Ends>>(
    (registry) =>
      new Memo((op) => ({
        took: duration.labels({ registry, op }),
        counted: new Memo((status) => total.labels({ registry, op, code: codeOf(status) })),
      })),
  );
  const named = (registry: string): string => (registries.has(registry) || registries.size < MAX_REGISTRIES ? registry : 'other');
  return {
    begin: (registry, operation) => stopwatchOn(registries.get(named(registry)).get(operation), now),
    digestChanged: () => changes.inc(),
  };
};

export const chartMetrics = (instruments: Instruments): ChartMetrics => {
  const hits = instruments.counter('tagalong_chart_cache_hits_total');
  const misses = instruments.counter('tagalong_chart_cache_misses_total');
  return { hit: () => hits.inc(), missed: () => misses.inc() };
};

export const renderMetrics = (instruments: Instruments, now: Stopwatch): RenderMetrics => {
  const took = instruments.histogram('tagalong_render_duration_seconds');
  return {
    begin: (op) => {
      const began = now();
      return (isDone) => took.observe({ op, result: isDone ? 'success' : 'error' }, now() - began);
    },
  };
};
