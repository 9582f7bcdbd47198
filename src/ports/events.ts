/** The object that an Event is about: a ChartRelease, unless it says otherwise. */
export interface Subject {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** `namespace` is empty for objects of cluster scope, `uid` and `resourceVersion` where they are not known. */
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string; readonly resourceVersion: string };
}

/** One Event (events.k8s.io/v1). */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What was being done, a verb in UpperCamelCase. */
  readonly action: string;
  readonly message: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Events, at best effort: an Event that cannot be written is logged and forgotten. */
export interface Events {
  announce(subject: Subject, announcement: Announcement): void;
}
