/** A condition as Kubernetes API conventions have it. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339, whole seconds; changes only with status. */
  readonly lastTransitionTime: string;
}

/**
 * Ready is always present. The others are abnormal-true: present only while True (kstatus).
 * FetchFailed says that the tag, or what it points at now, cannot be followed at present, while what runs is untouched.
 * CredentialExpiring says what a registry is asked with, and when it ends or has ended.
 * Suspended says since when spec.suspend holds. Drifted says what of the deployed revision somebody has changed since.
 */
export type ConditionType = 'Ready' | 'Reconciling' | 'Stalled' | 'Suspended' | 'FetchFailed' | 'Drifted' | 'CredentialExpiring';
