import type { ObjectChange } from '../../core/readiness.ts';
import type { QueueMetrics, RunEnd, RunMetrics } from '../../ports/metrics.ts';
import type { Instruments } from './instruments.ts';

/** A time that only goes forward, in seconds. */
export type Stopwatch = () => number;

/** As controller-runtime names its one controller here; the queue has the same name. */
const CONTROLLER = { controller: 'chartrelease' } as const;
const QUEUE = { ...CONTROLLER, name: 'chartrelease' } as const;

/** The queue as client-go counts it. */
export const queueMetrics = (instruments: Instruments, now: Stopwatch): QueueMetrics => {
  const wantedSince = new Map<string, number>();
  const workedSince = new Map<string, number>();
  const adds = instruments.counter('workqueue_adds_total').labels(QUEUE);
  const retries = instruments.counter('workqueue_retries_total').labels(QUEUE);
  const waited = instruments.histogram('workqueue_queue_duration_seconds').labels(QUEUE);
  const worked = instruments.histogram('workqueue_work_duration_seconds').labels(QUEUE);
  instruments.gauge('workqueue_depth', (gauge) => gauge.set({ ...QUEUE, priority: '0' }, wantedSince.size));
  instruments.gauge('workqueue_unfinished_work_seconds', (gauge) => gauge.set(QUEUE, sum(agesOf(workedSince, now()))));
  instruments.gauge('workqueue_longest_running_processor_seconds', (gauge) => gauge.set(QUEUE, Math.max(0, ...agesOf(workedSince, now()))));
  adds.inc(0);
  retries.inc(0);
  return {
    added: (key) => {
      adds.inc();
      wantedSince.set(key, now());
    },
    taken: (key) => {
      waited.observe(takeAge(wantedSince, key, now()));
      workedSince.set(key, now());
    },
    done: (key) => worked.observe(takeAge(workedSince, key, now())),
    retried: () => retries.inc(),
  };
};

const RESULTS = { Success: 'success', LookAgain: 'requeue_after', Failed: 'error', Stalled: 'error', Fault: 'error' } as const satisfies Record<RunEnd, string>;

const CHANGES = { Created: 'created', Configured: 'configured', Unchanged: 'unchanged' } as const satisfies Record<ObjectChange, string>;

/** Runs as controller-runtime counts them. */
export const runMetrics = (instruments: Instruments, maxConcurrent: number, now: Stopwatch): RunMetrics => {
  let active = 0;
  const total = instruments.counter('controller_runtime_reconcile_total');
  const failed = instruments.counter('controller_runtime_reconcile_errors_total').labels(CONTROLLER);
  const stalled = instruments.counter('controller_runtime_terminal_reconcile_errors_total').labels(CONTROLLER);
  const faults = instruments.counter('controller_runtime_reconcile_panics_total').labels(CONTROLLER);
  const objects = instruments.counter('tagalong_apply_objects_total');
  const drift = instruments.counter('tagalong_drift_objects_total');
  const took = instruments.histogram('controller_runtime_reconcile_time_seconds').labels(CONTROLLER);
  instruments.gauge('controller_runtime_max_concurrent_reconciles').set(CONTROLLER, maxConcurrent);
  instruments.gauge('controller_runtime_active_workers', (gauge) => gauge.set(CONTROLLER, active));
  // Rates need a beginning: what did not happen yet is 0, not absent.
  for (const result of ['success', 'requeue', 'requeue_after', 'error']) total.inc({ ...CONTROLLER, result }, 0);
  for (const result of [...Object.values(CHANGES), 'pruned']) objects.inc({ result }, 0);
  for (const result of ['found', 'corrected']) drift.inc({ result }, 0);
  for (const counter of [failed, stalled, faults]) counter.inc(0);
  return {
    begin: () => {
      const began = now();
      active += 1;
      return (end) => {
        active -= 1;
        took.observe(now() - began);
        total.inc({ ...CONTROLLER, result: RESULTS[end] });
        if (RESULTS[end] === 'error') failed.inc();
        if (end === 'Stalled') stalled.inc();
        if (end === 'Fault') faults.inc();
      };
    },
    applied: (changes) => {
      for (const change of changes) objects.inc({ result: CHANGES[change] });
    },
    pruned: (count) => objects.inc({ result: 'pruned' }, count),
    drifted: (count) => drift.inc({ result: 'found' }, count),
    corrected: (count) => drift.inc({ result: 'corrected' }, count),
  };
};

const takeAge = (since: Map<string, number>, key: string, now: number): number => {
  const age = now - (since.get(key) ?? now);
  since.delete(key);
  return age;
};

const agesOf = (since: ReadonlyMap<string, number>, now: number): readonly number[] => [...since.values()].map((began) => now - began);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
