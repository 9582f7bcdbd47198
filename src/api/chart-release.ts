import Type, { type Static } from 'typebox';
import type { Condition } from './conditions.ts';

export const GROUP = 'tagalong.dev';
export const VERSION = 'v1beta1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'ChartRelease';
export const PLURAL = 'chartreleases';
export const FINALIZER = `finalizers.${GROUP}/release`;

/** Labels and annotations of the group, on objects that people or we write. */
export const NAME_LABEL = `${GROUP}/name`;
export const NAMESPACE_LABEL = `${GROUP}/namespace`;
/** Annotation of a hook's object: which run of the hook it is of. */
export const HOOK_RUN = `${GROUP}/hook-run`;
/** Annotation of a CustomResourceDefinition of `crds/`: name and version of the chart that wrote it. */
export const CRD_CHART = `${GROUP}/crd-chart`;
export const RECONCILE_AT = `${GROUP}/reconcile-at`;
/** Holds the revision that it names. */
export const PIN = `${GROUP}/pin`;
/** Annotation of a pull secret: when its credentials end, where they do not say so themselves. */
export const EXPIRES_AT = `${GROUP}/expires-at`;
/** Flux's key for the same wish, so that its tools work. */
export const FLUX_RECONCILE_AT = 'reconcile.fluxcd.io/requestedAt';

export const DURATION = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$';

const ValuesReference = Type.Object({
  kind: Type.Enum(['ConfigMap', 'Secret'], { description: 'Kind of the object.' }),
  name: Type.String({ minLength: 1, maxLength: 253, description: 'Its name, in the namespace of the ChartRelease.' }),
  valuesKey: Type.Optional(Type.String({ minLength: 1, maxLength: 253, pattern: '^[-._a-zA-Z0-9]+$', description: 'The key that holds the values; `values.yaml` where absent.' })),
  targetPath: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 250,
      pattern: '^([a-zA-Z0-9_\\-.\\\\/]|\\[[0-9]{1,5}\\])+$',
      description:
        'Where the content of the key is set as one value, as `helm --set path=content` has it: `80` is a number, `"80"` a string, `{a,b}` a list. Without it the content is YAML that is merged.',
    }),
  ),
  literal: Type.Optional(Type.Boolean({ description: 'With `targetPath`: the content is a string as it is, as `helm --set-literal` has it. For passwords.' })),
  optional: Type.Optional(Type.Boolean({ description: 'Whether the object or the key may be missing.' })),
});
export type ValuesReference = Static<typeof ValuesReference>;

const POINTER = '^(/.*)?$';

const DriftIgnore = Type.Object({
  paths: Type.Array(Type.String({ maxLength: 1024, pattern: POINTER }), {
    minItems: 1,
    maxItems: 64,
    description:
      'Fields, and all that is in them, as the condition Drifted names them: a JSON pointer (`/spec/replicas`), where an entry of a list is named by its key (`/spec/template/spec/containers/name=web/image`) or by its place in the chart, and `*` is any. An empty path is the object itself, also when it is deleted.',
  }),
  target: Type.Optional(
    Type.Object(
      {
        kind: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'Kind of the objects.' })),
        name: Type.Optional(Type.String({ minLength: 1, maxLength: 253, description: 'Name of the object.' })),
        namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'Namespace of the objects.' })),
      },
      { description: 'Which objects are meant; all of the release where absent.' },
    ),
  ),
});
export type DriftIgnore = Static<typeof DriftIgnore>;

/** The one source of the spec: its type, its CRD and its documentation are made from this. */
export const ChartReleaseSpec = Type.Object({
  chart: Type.String({
    minLength: 1,
    maxLength: 512,
    description: 'The chart, `[oci://]host[:port]/namespace/.../name[:tag][@sha256:...]`. A tag is followed; a digest pins. Neither of them with `version`.',
  }),
  version: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description:
        'A range of versions as Helm reads it (`^1.2`, `~1.2.3`, `>=1.2, <2`, `*`): the highest tag of the repository in it is followed. Prereleases only where the range names one (`>=1.2-0`). The tags are listed every 5 minutes, or every `interval` where that is longer, and the chosen one is looked at every `interval`.',
    }),
  ),
  interval: Type.String({
    pattern: DURATION,
    maxLength: 32,
    default: '1m',
    description: 'How often the tag is looked at, at least 10s.',
  }),
  releaseName: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 53,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      description: 'Name of the Helm release; the name of the ChartRelease where absent.',
    }),
  ),
  targetNamespace: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 63,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      description: 'Namespace of the Helm release and of its objects; that of the ChartRelease where absent.',
    }),
  ),
  createNamespace: Type.Boolean({
    default: false,
    description: 'Whether the namespace of the Helm release is created where it is missing, with the label `name` as Helm does. It is never deleted.',
  }),
  values: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Values for the chart, as in a values file.',
    }),
  ),
  valuesFrom: Type.Optional(
    Type.Array(ValuesReference, {
      maxItems: 32,
      description:
        'Values from keys of ConfigMaps and Secrets of the same namespace, merged in this order; `values` win over all of them. Each is `kind`, `name`, and optionally `valuesKey`, `targetPath`, `literal`, `optional`.',
    }),
  ),
  skipSchemaValidation: Type.Boolean({
    default: false,
    description: "Whether the chart is rendered without holding the values to values.schema.json, the chart's and those of its subcharts.",
  }),
  suspend: Type.Boolean({
    default: false,
    description:
      'Whether everything rests: the tag is not looked at, nothing is applied, waited for or tried again. What runs stays as it is. Deleting the ChartRelease uninstalls all the same.',
  }),
  dependsOn: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String({ minLength: 1, maxLength: 253, description: 'Name of the other ChartRelease.' }),
        namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'Its namespace; that of this one where absent.' })),
      }),
      {
        maxItems: 32,
        description:
          'ChartReleases (`name`, and `namespace` where it is another) that must be Ready, for their spec as it is, before a new revision of this one begins. What runs is not touched when they fail later, and they are uninstalled in no order.',
      },
    ),
  ),
  pullSecrets: Type.Optional(
    Type.Array(
      Type.Object({ name: Type.String({ minLength: 1, maxLength: 253, description: 'Name of a Secret of type kubernetes.io/dockerconfigjson in the same namespace.' }) }),
      {
        maxItems: 16,
        description:
          'Credentials for the registry; the entry with the longest path that fits the chart is used. Where none fits: the imagePullSecrets of the ServiceAccount default, then those of the operator.',
      },
    ),
  ),
  tls: Type.Optional(
    Type.Object(
      {
        caSecret: Type.Optional(Type.String({ minLength: 1, maxLength: 253, description: 'Name of a Secret whose `ca.crt` is trusted beside the public roots.' })),
        clientCertSecret: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 253,
            description: 'Name of a Secret whose `tls.crt` and `tls.key` are the client certificate, as Secrets of type kubernetes.io/tls have them.',
          }),
        ),
      },
      {
        description:
          'TLS to the registry, by Secrets of the same namespace: `caSecret` (key `ca.crt`) is trusted beside the public roots; the certificate of `clientCertSecret` (keys `tls.crt`, `tls.key`) is shown to the registry itself and to nobody else.',
      },
    ),
  ),
  install: Type.Object(
    { crds: Type.Enum(['Create', 'CreateReplace', 'Skip'], { default: 'Create', description: 'As `upgrade.crds`, at an install.' }) },
    {
      default: {},
      description: "What is done at an install with the CustomResourceDefinitions of the chart's `crds/`: `crds` is `Create` (the default), `CreateReplace` or `Skip`.",
    },
  ),
  upgrade: Type.Object(
    {
      crds: Type.Enum(['Create', 'CreateReplace', 'Skip'], {
        default: 'CreateReplace',
        description: 'Whether those that are missing are created, and those that are there are replaced where nothing is lost by it.',
      }),
    },
    {
      default: {},
      description:
        'The same at an upgrade: `crds` is `CreateReplace` (the default: one that is there is replaced, unless a version, a field or a value that was allowed would be lost), `Create` (it is left as it is) or `Skip`.',
    },
  ),
  wait: Type.Boolean({ default: true, description: 'Whether a revision is deployed only when its objects are ready.' }),
  waitForJobs: Type.Boolean({ default: true, description: 'Whether Jobs must be complete for that.' }),
  timeout: Type.String({ pattern: DURATION, maxLength: 32, default: '5m', description: 'How long objects may take to become ready before the revision counts as failed.' }),
  test: Type.Optional(
    Type.Object(
      {
        enabled: Type.Boolean({ description: "Whether the chart's tests (`helm.sh/hook: test`) run after an install or upgrade." }),
        failRelease: Type.Optional(Type.Boolean({ description: 'Whether a test that fails fails the revision; else it is only told.' })),
      },
      {
        description:
          "Whether the chart's tests run (`enabled`) once a revision is ready and its post hooks have ended, and whether one that fails fails the revision (`failRelease`, which `onFailure` then decides about). The result is in `status.test`.",
      },
    ),
  ),
  onFailure: Type.Optional(
    Type.Enum(['Rollback', 'Keep', 'Uninstall'], {
      description:
        'What is done about a revision that fails: the last good one is applied again from its record (`Rollback`, the default where there is one), or it stays in place and is deployed as soon as it becomes ready (`Keep`, and always where no revision was ever deployed), or the release is uninstalled. What was undone is tried again after 10 minutes, doubling to 6 hours; at once when digest, values or spec change.',
    }),
  ),
  force: Type.Boolean({
    default: false,
    description:
      'Whether an object that the API server does not let be changed (an immutable field) is deleted and made anew. Never one that data goes with, nor one that is to be kept.',
  }),
  adopt: Type.Boolean({
    default: false,
    description:
      'Whether objects of the chart that are there already and belong to nobody are taken over: what kubectl has declared in them and the chart does not have goes. A Helm release of stock helm, and its objects, are taken over without this; what belongs to another release or to Flux never is.',
  }),
  drift: Type.Object(
    {
      mode: Type.Enum(['Warn', 'Correct', 'Ignore'], { default: 'Warn', description: 'Whether drift is said, taken back at once, or not looked for.' }),
      ignore: Type.Optional(
        Type.Array(DriftIgnore, { maxItems: 64, description: 'What is no drift. Fields of these that somebody else has are left to him, by corrections and by later revisions.' }),
      ),
    },
    {
      default: { mode: 'Warn' },
      description:
        'What is done where somebody has changed, taken or removed a field that the release has set, or deleted an object: `mode` `Warn` (condition Drifted and an Event), `Correct` (applied again at once) or `Ignore`. `ignore` lists `paths`, and optionally the `target` (`kind`, `name`, `namespace`), that are no drift.',
    },
  ),
  deletionPolicy: Type.Enum(['Uninstall', 'Orphan'], {
    default: 'Uninstall',
    description:
      'What deleting the ChartRelease does to its Helm release: uninstalls it, or leaves objects and records as they are, for stock helm, or for a ChartRelease that is made again under the same name and namespace.',
  }),
  historyLimit: Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'How many release records are kept.' }),
});

export type ChartReleaseSpec = Static<typeof ChartReleaseSpec>;
export type CrdPolicy = ChartReleaseSpec['upgrade']['crds'];
export type DeletionPolicy = ChartReleaseSpec['deletionPolicy'];
export type DriftMode = ChartReleaseSpec['drift']['mode'];
export type OnFailure = NonNullable<ChartReleaseSpec['onFailure']>;

const timestamp = (description: string) => Type.String({ format: 'date-time', description });

const ChartSummary = Type.Object({
  name: Type.String(),
  version: Type.String(),
  appVersion: Type.Optional(Type.String()),
  digest: Type.Optional(Type.String({ description: "Digest of the OCI manifest that runs; absent where a person's helm brought the chart." })),
  tag: Type.Optional(Type.String({ description: 'The tag that is followed; of a range the highest one in it.' })),
  range: Type.Optional(Type.String({ description: 'The range of versions in which that tag is the highest (`spec.version`).' })),
});
export type ChartSummary = Static<typeof ChartSummary>;

/**
 * What asks for a revision: the first look, a moved tag, a change of the spec, of what its valuesFrom names, a person's helm that changed the
 * release, that being taken back because the spec has drift corrected, a release of stock helm that is taken over, a failure that is undone,
 * another try after that, a person who holds an earlier revision, or a range of versions of which the highest is gone from the registry.
 */
export const TRIGGERS = [
  'Created',
  'DigestChanged',
  'SpecChanged',
  'ValuesChanged',
  'ChangedByHand',
  'DriftCorrected',
  'Adopted',
  'Rollback',
  'Retry',
  'Pinned',
  'VersionWithdrawn',
] as const;
export type Trigger = (typeof TRIGGERS)[number];

const Correction = Type.Object({
  times: Type.Integer({ description: 'How often.' }),
  when: timestamp('When last.'),
  what: Type.String({ description: 'What had become of objects that last time, cut to 300 characters.' }),
});
export type Correction = Static<typeof Correction>;

const HistoryEntry = Type.Object({
  revision: Type.Integer(),
  digest: Type.Optional(Type.String({ description: "Of the chart's OCI manifest; absent where a person's helm made the revision." })),
  values: Type.Optional(Type.String({ description: 'Digest of the values.' })),
  chartVersion: Type.String(),
  appVersion: Type.Optional(Type.String()),
  action: Type.Enum(['install', 'upgrade', 'rollback']),
  trigger: Type.Enum([...TRIGGERS], { description: 'What asked for the revision.' }),
  outcome: Type.String({ description: 'Status of the Helm release record.' }),
  when: timestamp('When the revision was opened.'),
  duration: Type.Optional(Type.String({ description: 'How long it took from then until it was deployed, or failed.' })),
  corrected: Type.Optional({
    ...Correction,
    description: 'That drift of its objects was corrected while it was deployed (`spec.drift.mode: Correct`), without a new revision.',
  }),
  damage: Type.Optional(Type.String({ description: 'Why the Helm release record cannot be read, where somebody has damaged it.' })),
});
export type HistoryEntry = Static<typeof HistoryEntry>;

const TestRun = Type.Object({
  name: Type.String({ description: "Name of the test's object." }),
  phase: Type.Enum(['Running', 'Succeeded', 'Failed']),
  startedAt: timestamp('When it began.'),
  completedAt: Type.Optional(timestamp('When it ended.')),
  pod: Type.Optional(Type.String({ description: 'The pod that ran it.' })),
  log: Type.Optional(Type.Array(Type.String(), { description: 'The last lines of its log.' })),
});
export type TestRun = Static<typeof TestRun>;

const TestReport = Type.Object({
  revision: Type.Integer(),
  outcome: Type.Enum(['Succeeded', 'Failed']),
  message: Type.Optional(Type.String({ description: 'Which test failed, and why.' })),
  runs: Type.Array(TestRun),
});
export type TestReport = Static<typeof TestReport>;

const InventoryEntry = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  namespace: Type.Optional(Type.String()),
  name: Type.String(),
});
export type InventoryEntry = Static<typeof InventoryEntry>;

const HelmRelease = Type.Object({
  namespace: Type.String(),
  releaseName: Type.String(),
  isAdopting: Type.Optional(
    Type.Boolean({ description: 'It was made by stock helm, and no revision of ours has been deployed yet: it is left alone when the ChartRelease goes before one was opened.' }),
  ),
});
export type HelmRelease = Static<typeof HelmRelease>;

/** Status, as it is written. No field changes while nothing happens. */
export const ChartReleaseStatus = Type.Object({
  observedGeneration: Type.Optional(Type.Integer()),
  conditions: Type.Optional(
    Type.Array(
      Type.Object({
        type: Type.String(),
        status: Type.Enum(['True', 'False', 'Unknown']),
        reason: Type.String(),
        message: Type.String(),
        observedGeneration: Type.Integer(),
        lastTransitionTime: timestamp('When status changed last.'),
      }),
      {
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        description: 'Ready always; Reconciling, Stalled, Suspended, FetchFailed, Drifted and CredentialExpiring while they are True.',
      },
    ),
  ),
  chart: Type.Optional(ChartSummary),
  revision: Type.Optional(Type.Integer({ description: 'The deployed revision.' })),
  history: Type.Optional(
    Type.Array(HistoryEntry, { description: "The records that are kept, newest first; and the last revision that was asked for, while a person's helm has dropped its record." }),
  ),
  inventory: Type.Optional(Type.Array(InventoryEntry, { description: 'The objects of the deployed revision.' })),
  releases: Type.Optional(
    Type.Array(HelmRelease, { description: 'The Helm releases that may hold something of this ChartRelease: one, except while it moves to another name or namespace.' }),
  ),
  test: Type.Optional({ ...TestReport, description: 'How the tests of the chart ended that ran last.' }),
  failures: Type.Optional(Type.Integer({ description: 'Tries in a row that did not succeed.' })),
  nextRetry: Type.Optional(timestamp('When it is tried again by itself.')),
  lastHandledReconcileAt: Type.Optional(Type.String({ description: `The value of the annotation ${RECONCILE_AT} (or Flux's, or both with a / between) that was acted on last.` })),
});

export interface ChartReleaseStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly chart?: ChartSummary;
  readonly revision?: number;
  readonly history?: readonly HistoryEntry[];
  readonly inventory?: readonly InventoryEntry[];
  readonly releases?: readonly HelmRelease[];
  readonly test?: TestReport;
  readonly failures?: number;
  readonly nextRetry?: string;
  readonly lastHandledReconcileAt?: string;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A ChartRelease whose spec was checked. */
export interface ChartRelease {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof KIND;
  readonly metadata: ObjectMeta;
  readonly spec: ChartReleaseSpec;
  readonly status: ChartReleaseStatus;
}
