import type { Reason } from '../api/reasons.ts';
import { ClusterError, type ClusterErrorCode } from './cluster.ts';
import { RecordInvalidError, RecordTooLargeError } from './records.ts';
import { RegistryError, type RegistryErrorCode } from './registry.ts';
import { RenderError, type RenderErrorCode } from './renderer.ts';

/** A stage cannot go on: the reason decides condition, retry and Event (api/reasons.ts); the message is for people, in one line. */
export class StageError extends Error {
  override readonly name = 'StageError';
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.reason = reason;
  }
}

const REGISTRY_REASONS: Readonly<Record<RegistryErrorCode, Reason>> = {
  Unavailable: 'RegistryUnavailable',
  Throttled: 'RegistryUnavailable',
  Unauthorized: 'AuthenticationFailed',
  NotFound: 'ChartNotFound',
  NoMatch: 'VersionNotFound',
  DigestMismatch: 'DigestMismatch',
  NotAChart: 'NotAChart',
  ArchiveInvalid: 'ArchiveInvalid',
};

const RENDER_REASONS: Readonly<Record<RenderErrorCode, Reason>> = {
  ChartInvalid: 'ChartInvalid',
  ValuesInvalid: 'ValuesInvalid',
  SchemaRefused: 'SchemaRefused',
  TemplateFailed: 'RenderFailed',
  ResourceExceeded: 'RenderResourceExceeded',
  Unavailable: 'RendererUnavailable',
};

const CLUSTER_REASONS: Readonly<Record<Exclude<ClusterErrorCode, 'NotFound' | 'Conflict'>, Reason>> = {
  Unavailable: 'ClusterUnavailable',
  Forbidden: 'Forbidden',
  NamespaceNotFound: 'NamespaceNotFound',
  UnknownKind: 'ManifestRejected',
  Rejected: 'ManifestRejected',
};

/** Somebody else changed or removed the same thing at the same moment: look afresh, there is nothing to report. */
export const isRace = (error: unknown): error is ClusterError => error instanceof ClusterError && (error.code === 'NotFound' || error.code === 'Conflict');

/** The reason of an error that a port or a stage throws; undefined for any other: that one is a fault of the operator. */
export const reasonOf = (error: unknown): Reason | undefined => {
  if (error instanceof StageError) return error.reason;
  if (error instanceof RegistryError) return REGISTRY_REASONS[error.code];
  if (error instanceof RenderError) return RENDER_REASONS[error.code];
  if (error instanceof ClusterError) return error.code === 'NotFound' || error.code === 'Conflict' ? undefined : CLUSTER_REASONS[error.code];
  if (error instanceof RecordTooLargeError) return 'RecordTooLarge';
  if (error instanceof RecordInvalidError) return 'RecordInvalid';
  return undefined;
};
