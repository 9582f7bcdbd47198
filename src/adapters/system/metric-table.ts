/** One metric: what it is, its labels, and what it says, for the scrape and for docs/metrics.md. */
export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

// Those of controller-runtime's reconcile_time_seconds.
const RUN_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40,
  50, 60,
] as const;
// Those of client-go's work queue: ten nanoseconds to a thousand seconds.
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000] as const;
// Those of Kubernetes components for client-go's requests.
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60] as const;
const RENDER_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20] as const;

const RUN_LABELS = ['controller'] as const;
const QUEUE_LABELS = ['name', 'controller'] as const;

/**
 * Every metric of ours by its name. Names, labels and buckets of the first three groups are those of controller-runtime and
 * client-go, so that dashboards made for other operators show this one. No label ever holds a whole digest, a message or
 * a URL.
 */
export const METRICS = {
  controller_runtime_reconcile_total: {
    type: 'counter',
    labels: ['controller', 'result'],
    help: 'Runs of releases by result: success, requeue_after (looked at again by itself), error. requeue never comes.',
  },
  controller_runtime_reconcile_errors_total: { type: 'counter', labels: RUN_LABELS, help: 'Runs that ended in a failure: the release is not ready, or its run is repeated.' },
  controller_runtime_terminal_reconcile_errors_total: { type: 'counter', labels: RUN_LABELS, help: 'Those of them that are not tried again until something changes.' },
  controller_runtime_reconcile_panics_total: { type: 'counter', labels: RUN_LABELS, help: 'Those of them that were a fault of the operator itself (reason ReconcileFailed).' },
  controller_runtime_reconcile_time_seconds: { type: 'histogram', labels: RUN_LABELS, buckets: RUN_BUCKETS, help: 'How long a run took.' },
  controller_runtime_max_concurrent_reconciles: { type: 'gauge', labels: RUN_LABELS, help: 'Releases that may be worked on at once (--concurrent).' },
  controller_runtime_active_workers: { type: 'gauge', labels: RUN_LABELS, help: 'Releases that are worked on.' },

  workqueue_depth: { type: 'gauge', labels: [...QUEUE_LABELS, 'priority'], help: 'Releases that wait to be worked on, or to be worked on once more.' },
  workqueue_adds_total: { type: 'counter', labels: QUEUE_LABELS, help: 'Releases put on the queue.' },
  workqueue_retries_total: { type: 'counter', labels: QUEUE_LABELS, help: 'Runs repeated after a pause, because they could not be ended.' },
  workqueue_queue_duration_seconds: { type: 'histogram', labels: QUEUE_LABELS, buckets: QUEUE_BUCKETS, help: 'How long releases waited on the queue.' },
  workqueue_work_duration_seconds: { type: 'histogram', labels: QUEUE_LABELS, buckets: QUEUE_BUCKETS, help: 'How long releases were worked on.' },
  workqueue_unfinished_work_seconds: { type: 'gauge', labels: QUEUE_LABELS, help: 'Work that is under way, in seconds since it was begun, all added up.' },
  workqueue_longest_running_processor_seconds: { type: 'gauge', labels: QUEUE_LABELS, help: 'The oldest work that is under way, in seconds since it was begun.' },

  rest_client_requests_total: { type: 'counter', labels: ['code', 'method', 'host'], help: 'Requests to the API server, each try counted; code <error> where no answer came.' },
  rest_client_request_duration_seconds: {
    type: 'histogram',
    labels: ['verb', 'host'],
    buckets: REQUEST_BUCKETS,
    help: 'How long a request to the API server took, answer included; of a watch, until it began.',
  },
  rest_client_request_retries_total: { type: 'counter', labels: ['code', 'verb', 'host'], help: 'Requests to the API server sent once more, by what was answered before.' },

  tagalong_release_info: {
    type: 'gauge',
    labels: ['namespace', 'name', 'chart', 'version', 'digest12', 'ready', 'suspended'],
    help: '1 for every ChartRelease: the chart that is deployed, the first 12 digits of its digest, the status of the Ready condition, and whether it is suspended (True or False).',
  },
  tagalong_release_revision: { type: 'gauge', labels: ['namespace', 'name'], help: 'The deployed revision.' },
  tagalong_release_ready: { type: 'gauge', labels: ['namespace', 'name'], help: '1 where the Ready condition is True, else 0.' },
  tagalong_release_condition: {
    type: 'gauge',
    labels: ['namespace', 'name', 'type', 'status', 'reason'],
    help: '1 for every condition that calls for attention: Ready unless it is True, and Reconciling, Stalled, Suspended, FetchFailed, Drifted, CredentialExpiring.',
  },

  tagalong_rollouts: {
    type: 'gauge',
    labels: ['state'],
    help: 'Releases on their way to a new revision: rolling (opened and not yet ready, or about to be; at most --max-rolling), queued for their turn (RolloutQueued), held because others failed (DigestSuspect).',
  },
  tagalong_apply_objects_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Objects of revisions: created, configured (sent), unchanged (as they were, and not sent), pruned.',
  },
  tagalong_drift_objects_total: {
    type: 'counter',
    labels: ['result'],
    help: 'Objects of deployed revisions that somebody had changed or deleted: found, and of these corrected.',
  },
  tagalong_registry_requests_total: {
    type: 'counter',
    labels: ['registry', 'op', 'code'],
    help: 'Requests to registries (op resolve, tags, manifest, blob) and, on their behalf, to token servers (op token), those of redirects and refusals too; code <error> where no answer came.',
  },
  tagalong_registry_request_duration_seconds: { type: 'histogram', labels: ['registry', 'op'], buckets: REQUEST_BUCKETS, help: 'How long the head of the answer took to come.' },
  tagalong_registry_polls: {
    type: 'gauge',
    labels: ['registry'],
    help: 'Polls of a registry: one for each repository, tag and credential that is followed, however many follow it.',
  },
  tagalong_registry_poll_stretch: {
    type: 'gauge',
    labels: ['registry'],
    help: 'By how much the pauses between polls are longer than asked for, so that what the registry allows lasts; 1 where nothing is saved, +Inf where nothing is left for polls.',
  },
  tagalong_registry_budget_limit: {
    type: 'gauge',
    labels: ['registry'],
    help: 'Requests that the registry allows, by its last answer that said so (RateLimit headers); absent where it does not.',
  },
  tagalong_registry_budget_remaining: { type: 'gauge', labels: ['registry'], help: 'Those that are left; absent where it does not say.' },
  tagalong_registry_failures: { type: 'gauge', labels: ['registry'], help: 'Polls that failed one after the other: while it is above 0 pauses grow.' },
  tagalong_registry_held_until_timestamp_seconds: {
    type: 'gauge',
    labels: ['registry'],
    help: 'Until when the registry asked to be left alone (Retry-After), and is, since the epoch; absent where it did not.',
  },
  tagalong_registry_next_poll_timestamp_seconds: { type: 'gauge', labels: ['registry'], help: 'When the next poll is due, since the epoch.' },
  tagalong_digest_changes_total: { type: 'counter', labels: [], help: 'Times that a followed tag was seen to point at another digest.' },
  tagalong_chart_cache_hits_total: { type: 'counter', labels: [], help: 'Charts found in memory.' },
  tagalong_chart_cache_misses_total: { type: 'counter', labels: [], help: 'Charts that were not.' },
  tagalong_render_duration_seconds: {
    type: 'histogram',
    labels: ['op', 'result'],
    buckets: RENDER_BUCKETS,
    help: 'How long helm-engine took, its queue included: op render (a chart) or read (a stored manifest), result success or error.',
  },
  tagalong_renderer_up: { type: 'gauge', labels: [], help: '1 while there is somebody to render: a helm-engine, or the renderer behind the socket; else 0. What runs needs none.' },
  leader_election_master_status: { type: 'gauge', labels: ['name'], help: '1 while this replica leads by the Lease of that name, else 0; absent where nobody is elected.' },
  tagalong_build_info: { type: 'gauge', labels: ['version', 'node'], help: '1: the version of the operator and of Node.js.' },
} as const satisfies Readonly<Record<string, MetricSpec>>;

export type MetricName = keyof typeof METRICS;
