/** What a reason means for the object's conditions, for the next try and for Events. */
export interface ReasonSpec {
  /**
   * Status of the Ready condition. AsBefore: True where it was True, else False. Standing: True where what runs differs from what is asked for
   * in nothing but an older digest of the same tag, else False.
   */
  readonly ready: 'True' | 'False' | 'Unknown' | 'AsBefore' | 'Standing';
  /** A second condition that is True for as long as the reason holds, as kstatus asks. */
  readonly also?: 'Reconciling' | 'Stalled' | 'Suspended';
  /** When the release is looked at again: never by itself, on a trigger only, or after a growing pause. */
  readonly retry: 'onChange' | 'withBackoff';
  /** The longest such pause, where it is to stay short. */
  readonly retryWithinMs?: number;
  /** Type of the Event that announces it; None says nothing. */
  readonly event: 'Normal' | 'Warning' | 'None';
  /** What it means and what to do, for the generated reference. */
  readonly doc: string;
}

/**
 * The one table that decides condition, retry and Event of every outcome.
 * Conditions follow kstatus: Reconciling and Stalled are present only while True.
 */
export const REASONS = {
  InstallSucceeded: { ready: 'True', retry: 'onChange', event: 'Normal', doc: 'The first revision is deployed and healthy.' },
  UpgradeSucceeded: { ready: 'True', retry: 'onChange', event: 'Normal', doc: 'A later revision is deployed and healthy.' },
  Pinned: {
    ready: 'True',
    retry: 'onChange',
    event: 'Normal',
    doc: 'The annotation `tagalong.dev/pin` holds a revision: its manifest runs, and neither tag nor values nor spec are followed. Take the annotation away to go on.',
  },
  ChangedByHand: {
    ready: 'True',
    retry: 'onChange',
    event: 'Normal',
    doc: "Somebody's `helm upgrade` or `helm rollback` made the newest revision. It stays, with the condition Drifted, until the tag points at another digest or the values change; `spec.drift.mode: Correct` has what the spec asks for brought back at once, `Ignore` leaves Drifted out.",
  },
  Progressing: {
    ready: 'Unknown',
    also: 'Reconciling',
    retry: 'onChange',
    event: 'None',
    doc: 'A revision is applied and its objects are not ready yet, or a hook of it has not ended; the message names the first of them and, after 2 s, what holds it back.',
  },
  Suspended: {
    ready: 'AsBefore',
    also: 'Suspended',
    retry: 'onChange',
    event: 'Normal',
    doc: '`spec.suspend` is true: nothing is looked at or changed until it is not. Ready stays True where it was True, since what runs is as it was, and is False elsewhere.',
  },

  DependencyNotReady: {
    ready: 'False',
    retry: 'onChange',
    event: 'None',
    doc: 'A new revision waits for ChartReleases of `spec.dependsOn`; the message names them and says why they are not ready. It goes on at once when they are.',
  },
  DependencyCycle: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: '`spec.dependsOn` leads back to the ChartRelease itself; the message has the chain. Take one of its references out.',
  },
  RolloutQueued: {
    ready: 'Standing',
    also: 'Reconciling',
    retry: 'onChange',
    event: 'None',
    doc: 'A new revision waits for its turn: only so many releases roll out at a time (`--max-rolling`), and namespaces take turns. It goes on at once when one of them is done. Where only the tag moved, what runs stays Ready.',
  },
  DigestSuspect: {
    ready: 'Standing',
    also: 'Reconciling',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Several ChartReleases (`--suspect-after`) have failed on this chart digest and none has become ready on it: it is not begun here. It goes on when one of them succeeds, or when the tag moves on; annotate the ChartRelease with `tagalong.dev/reconcile-at` to have this one go on. Where only the tag moved, what runs stays Ready.',
  },
  InvalidReference: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: '`spec.chart` is not a chart reference, or `spec.version` not a range of versions, or both name the tag. Correct them.',
  },
  InvalidSpec: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: 'The ChartRelease cannot be read by this version. Correct the field that the message names.',
  },
  PullSecretInvalid: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'A Secret of `spec.pullSecrets` is missing, or a docker configuration (of `spec.pullSecrets`, of the imagePullSecrets of the ServiceAccount `default`, or of the operator) cannot be read. Create or correct the one that is named.',
  },
  TlsSecretInvalid: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'A Secret of `spec.tls` is missing, lacks a key, or holds a certificate or key that cannot be read, has expired, or does not fit. Create or correct the one that is named.',
  },
  AuthenticationFailed: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: "The registry, or its token server, refuses the credentials or the client certificate, or asks for some; or the cloud of `cloudIdentities` gives none. Correct `spec.pullSecrets`, `spec.tls`, the imagePullSecrets of the ServiceAccount `default`, or the operator's `registryCredentials`; or what the message names of the operator's role.",
  },
  RegistryUnavailable: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'The registry does not answer, or answers with an error of its own, or something before it answers with a page of HTML, or unpacking took too long. It is asked again.',
  },
  ChartNotFound: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'The registry has no such repository, tag or digest. Push the chart or correct `spec.chart`; a tag is looked at every `spec.interval` meanwhile.',
  },
  VersionNotFound: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'No tag of the repository is in the range of `spec.version`; the message says how many there are, and the nearest. Push one or correct the range; the tags are listed every 5 minutes meanwhile.',
  },
  DigestMismatch: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'The registry sent bytes that do not have the digest or the size asked for. Nothing of them was used; look at the registry or a proxy before it, or push the chart again.',
  },
  NotAChart: { ready: 'False', also: 'Stalled', retry: 'onChange', event: 'Warning', doc: 'What the reference points at is not a Helm chart. Point it at one.' },
  ArchiveInvalid: { ready: 'False', also: 'Stalled', retry: 'onChange', event: 'Warning', doc: 'The chart archive is damaged, too large or not safe to unpack. Push it again.' },

  ChartInvalid: { ready: 'False', retry: 'withBackoff', event: 'Warning', doc: 'The archive was read, but Helm cannot load it as a chart for this cluster.' },
  SchemaRefused: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: 'A `$ref` (or the like) in `values.schema.json` leads out of the file, to a URL or a path. It is never followed. Correct the chart, or let it in unchecked with `spec.skipSchemaValidation: true`.',
  },
  ValuesNotFound: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'An object or a key of `spec.valuesFrom` is missing; the message names it. It goes on by itself when it appears.',
  },
  ValuesInvalid: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: 'The values break the schema of the chart, cannot be read as a YAML map, or cannot be merged; the message names the object of `spec.valuesFrom` that cannot be read. Correct them, which is seen at once; `spec.skipSchemaValidation: true` passes over the schema.',
  },
  RenderFailed: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'A template fails, or looks up what the operator may not see, or too much; the message has the template, the line and what Helm says. It is tried again, since templates may ask what the cluster can do and has.',
  },
  RenderResourceExceeded: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Rendering breaks a limit: 20 MiB of output, or twice 20 s or 256 MiB of memory, or it brought the renderer down twice. It is not rendered again until digest, values or spec change.',
  },
  RendererUnavailable: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'The renderer does not answer, did not answer in time, stopped, or speaks another protocol. What runs stays; where only the tag moved it stays Ready, and FetchFailed says this. Asked again, and at once when a sidecar is back: see whether that container runs.',
  },

  CrdNotServed: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'A CustomResourceDefinition of the chart is there and the API server does not serve it: its names belong to another one, which the message names.',
  },
  CrdUnsafe: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: "A CustomResourceDefinition of the chart's `crds/` is not put in the place of the one in the cluster, since objects or those who use them would lose a version, a field or a value that was allowed; the message has each with its path. Nothing was changed. Correct the chart, replace the definition by hand when nobody needs these any more, or go on without it with `spec.upgrade.crds: Create`.",
  },
  NamespaceNotFound: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'The target namespace does not exist, or is being deleted. Create it, or have it created with `spec.createNamespace: true`: then it is made again within 10 s of its end.',
  },
  ManifestRejected: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'The API server refuses an object of the chart, or does not serve its kind, or does not let the field be changed; the message has object, template and its words. `spec.force: true` has an object whose field cannot be changed deleted and made anew.',
  },
  ObjectNotOwned: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'An object of the chart exists already and belongs to somebody else, whom the message names: another ChartRelease, Flux, another Helm release, or nobody but who has set its fields. Nothing was changed. What belongs to nobody is taken over with `spec.adopt: true`.',
  },
  ReleaseNotOwned: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'A Helm release of this name exists and belongs to somebody else, whom the message names: another ChartRelease, or Flux. Choose another `spec.releaseName`; when that one goes, this one takes over by itself.',
  },
  ReleaseBusy: {
    ready: 'Unknown',
    also: 'Reconciling',
    retry: 'onChange',
    event: 'None',
    doc: "Somebody's helm is at work on this release, or was killed: its newest revision is pending. It is looked at again when helm writes, and taken over when helm has written nothing to the record or its objects for 30 minutes (`--takeover-after`) or `spec.timeout`, whichever is longer; the message says when.",
  },
  FailedByHand: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: "Somebody's `helm upgrade` or `helm rollback` failed, and may have changed objects. It is left to that person: run helm again, or have what the spec asks for brought back by moving the tag, changing the values, or `spec.drift.mode: Correct`.",
  },
  RecordInvalid: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'The Helm release record of a revision is missing or cannot be read, and it is the one that is needed; the message names its Secret. Nothing is deleted on its account. As an Event: such a record was found, and `status.history[].damage` says what is wrong with it.',
  },
  RecordTooLarge: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: 'The release record would pass the 1 MiB that a Secret holds. Nothing was applied. Have the chart render less, or split it.',
  },
  Forbidden: { ready: 'False', retry: 'withBackoff', event: 'Warning', doc: 'The API server does not allow the operator to do this; the message has verb and object.' },
  ClusterUnavailable: {
    ready: 'False',
    retry: 'withBackoff',
    retryWithinMs: 20_000,
    event: 'None',
    doc: 'The API server does not answer, is overloaded, behind or not ready yet, or a webhook that it has to ask does not answer. It is asked again, and at once when a watch of it that was broken is back.',
  },

  HookFailed: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: 'A hook of the chart failed, or did not end in `spec.timeout`, or cannot begin; the message has hook, event, and the last words of its pod. After a pre hook nothing was applied. The next chart digest or values begin afresh; annotate the ChartRelease with `tagalong.dev/reconcile-at` to have the hook run again.',
  },
  TestFailed: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: 'A test of the chart failed, or did not end in `spec.timeout`, and `spec.test.failRelease` says that this fails the revision; the message has the test and the last words of its pod. `spec.onFailure` decides what becomes of it.',
  },
  InstallFailed: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: 'The first revision did not become ready in `spec.timeout`, or an object failed, or waiting for one cannot help; the message names it and what holds it back. It stays in place and is deployed as soon as it becomes ready.',
  },
  UpgradeFailed: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: 'A later revision did not become ready in `spec.timeout`, or an object failed, or waiting for one cannot help; the message names it and what holds it back. It stays in place and is deployed as soon as it becomes ready.',
  },
  RolledBack: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: 'What is asked for failed, and the last good revision runs again, from the manifest in its record. The message says why, and when the same is tried again; another digest, values or spec begin at once, and so does the annotation `tagalong.dev/reconcile-at`.',
  },
  RollbackFailed: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: 'The revision that was to bring back an earlier one did not become ready in `spec.timeout`, or an object failed, or waiting for one cannot help; the message names it and what holds it back. It stays in place and is deployed as soon as it becomes ready.',
  },
  UninstalledAfterFailure: {
    ready: 'False',
    retry: 'onChange',
    event: 'Warning',
    doc: 'A revision failed and the release was uninstalled, as `spec.onFailure: Uninstall` asks. The message says why, and when the same is tried again; another digest, values or spec begin at once.',
  },
  PinInvalid: {
    ready: 'False',
    also: 'Stalled',
    retry: 'onChange',
    event: 'Warning',
    doc: 'The annotation `tagalong.dev/pin` is no number, or names a revision of which there is no record, or that never was deployed. The message names those that may be held.',
  },
  UninstallFailed: {
    ready: 'False',
    retry: 'withBackoff',
    event: 'Warning',
    doc: 'An object of the release could not be deleted, a record not be written, or a pre-delete or post-delete hook failed. It is tried again; what the API server refuses for longer than `--deletion-timeout` is left behind, and the Event `LeftBehind` lists it.',
  },

  DriftDetected: {
    ready: 'AsBefore',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Of the condition Drifted: somebody has changed, taken or removed fields that the deployed revision has set, or deleted objects of it; the message has objects, paths, and who has them now. The next revision takes them back, `spec.drift.mode: Correct` does so at once, `spec.drift.ignore` leaves them.',
  },
  DriftContested: {
    ready: 'AsBefore',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Of the condition Drifted, with `spec.drift.mode: Correct`: what is corrected is taken back each time, by whom the message says. It is corrected again after a pause of 10 s, growing to 10 min. End the other one, or leave the fields to him with `spec.drift.ignore`.',
  },
  DriftNotCorrected: {
    ready: 'AsBefore',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Of the condition Drifted, with `spec.drift.mode: Correct`: the API server refuses the correction, or the object belongs to another release by now; the message has its words. It is tried again after a pause of 10 s, growing to 10 min.',
  },
  DriftCorrected: {
    ready: 'AsBefore',
    retry: 'onChange',
    event: 'Normal',
    doc: 'Of an Event, with `spec.drift.mode: Correct`: objects of the deployed revision were applied again; the message has what had become of them.',
  },
  CredentialExpiring: {
    ready: 'AsBefore',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Of the condition CredentialExpiring: what a registry is asked with (a token that says when it ends, or the client certificate of `spec.tls`) ends in a week or less, or has less than a third of its life left; the message says what it is, where it is kept, and when it ends. Renew it there.',
  },
  CredentialExpired: {
    ready: 'AsBefore',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Of the condition CredentialExpiring: the same, once it has ended. What runs goes on; nothing new can be pulled with it. Renew it.',
  },
  ExpiryInvalid: {
    ready: 'AsBefore',
    retry: 'onChange',
    event: 'Warning',
    doc: 'Of the condition CredentialExpiring: the annotation `tagalong.dev/expires-at` of a pull secret is no time, so nobody is warned before its credential ends. The credential is used as ever. Write the time as RFC 3339 has it.',
  },
  ReconcileFailed: { ready: 'False', retry: 'withBackoff', event: 'Warning', doc: 'A fault of the operator itself; its log has the whole of it.' },
} as const satisfies Record<string, ReasonSpec>;

export type Reason = keyof typeof REASONS;

/** What the table says of a reason. */
export const reasonSpec = (reason: Reason): ReasonSpec => REASONS[reason];
