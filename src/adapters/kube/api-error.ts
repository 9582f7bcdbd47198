import { ClusterError, type ClusterErrorCode } from '../../ports/cluster.ts';
import type { Reply } from './exchange.ts';
import type { ApiRequest } from './transport.ts';

/** The part of a `v1/Status` that errors are made from. */
interface ApiStatus {
  readonly isStatus: boolean;
  readonly message: string;
  /** Kind and name of what the message is about. */
  readonly about: { readonly kind: string; readonly name: string };
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
}

const MAX_MESSAGE = 2000;

/**
 * The error for an answer that is no success: `cannot apply Deployment default/web: the API server refuses it: ...`.
 * `action` is what was tried and on what. Values of objects are left out of the API server's words.
 */
export const refusal = (action: string, request: ApiRequest, reply: Reply): ClusterError => {
  const status = readStatus(reply);
  const code = codeOf(request, reply.status, status);
  return new ClusterError(code, oneLine(`cannot ${action}: ${said(code, reply.status, status)}`));
};

/** The error for a request that was not answered. */
export const silence = (action: string, cause: unknown): ClusterError =>
  new ClusterError('Unavailable', oneLine(`cannot ${action}: the API server does not answer: ${cause instanceof Error ? cause.message : String(cause)}`), { cause });

/** The error for a request that was not let go, or not yet: the cause says why. */
export const heldBack = (action: string, cause: Error): ClusterError => new ClusterError('Unavailable', `cannot ${action}: ${cause.message}`, { cause });

/** The error for an answer of a moment before one that is known, both as resourceVersions. */
export const behind = (action: string, at: string, known: string): ClusterError =>
  new ClusterError('Unavailable', `cannot ${action}: the API server is behind, at ${at}, and was at ${known} before`);

/** The error for an answer that makes no sense. */
export const nonsense = (action: string, what: string, cause?: unknown): ClusterError =>
  new ClusterError('Unavailable', oneLine(`cannot ${action}: the API server's answer cannot be read: ${what}`), { cause });

/** Whether an error is a ClusterError of this code. */
export const hasCode = (error: unknown, code: ClusterErrorCode): error is ClusterError => error instanceof ClusterError && error.code === code;

/** Whether a precondition on the UID did not hold: what has the name now is another object. */
export const isAnotherUid = (error: unknown): boolean => error instanceof ClusterError && ANOTHER_UID.some((words) => error.message.includes(words));

/**
 * There is no code for it: the words about deletions of built-in kinds, about other deletions and merge patches, and about a
 * JSON Patch that could not be carried out, of which a test is all that can fail.
 */
const ANOTHER_UID = ['the UID in the precondition', 'Precondition failed: UID', 'the server rejected our request due to an error in our request'];

const codeOf = (request: ApiRequest, httpStatus: number, status: ApiStatus): ClusterErrorCode => {
  if (httpStatus === 403 && status.causes.some(({ reason }) => reason === 'NamespaceTerminating')) return 'NamespaceNotFound';
  if (httpStatus === 403) return 'Forbidden';
  if (httpStatus === 404) return codeOfMissing(request, status);
  if (httpStatus === 409) return 'Conflict';
  if (httpStatus === 500 && UNFIT_FOR_APPLY.test(status.message)) return 'Rejected';
  if (httpStatus === 401 || httpStatus === 429 || httpStatus >= 500 || httpStatus < 400) return 'Unavailable';
  return 'Rejected';
};

/**
 * Server-side apply answers an object that does not fit its schema with a bare 500, not with 400 or 422: an unknown field, a
 * wrong type, a key twice in a list.
 */
const UNFIT_FOR_APPLY = /^failed to (create typed|convert) /;

/** A path that is not served gets plain text, or a Status that names no object. */
const codeOfMissing = (request: ApiRequest, status: ApiStatus): ClusterErrorCode => {
  if (!status.isStatus || status.about.name === '') return 'UnknownKind';
  return status.about.kind === 'namespaces' && !NAMESPACE_ITSELF.test(request.path) ? 'NamespaceNotFound' : 'NotFound';
};

const NAMESPACE_ITSELF = /^\/api\/v1\/namespaces(\/[^/?]+)?(\?|$)/;

const said = (code: ClusterErrorCode, httpStatus: number, status: ApiStatus): string => {
  const words = wordsOf(status, httpStatus === 422);
  switch (code) {
    case 'Unavailable':
      if (httpStatus === 401) return `the API server does not take our credentials: ${words}`;
      return httpStatus === 429 ? `the API server is overloaded: ${words}` : `the API server fails with ${httpStatus}: ${words}`;
    case 'Forbidden':
      return `the API server does not allow it: ${words}`;
    case 'NotFound':
      return words;
    case 'NamespaceNotFound':
      return httpStatus === 404 ? `the namespace does not exist: ${words}` : `the namespace is being deleted: ${words}`;
    case 'UnknownKind':
      return `the API server does not serve this kind: ${words}`;
    case 'Conflict':
      return `somebody else was first: ${words}`;
    case 'Rejected':
      return `the API server refuses it: ${words}`;
  }
};

/** The causes of an invalid object say all that the message does, field by field; else they are told where the message does not. */
const wordsOf = ({ message, causes }: ApiStatus, isInvalid: boolean): string => {
  const told = causes.map(({ field, message: why }) => withoutValues(field === '' ? why : `${field}: ${why}`));
  if (isInvalid && told.length > 0) return told.join('; ');
  const words = withoutValues(message).replace(/^\S+ "[^"]*" is invalid: /, '');
  const untold = told.filter((_, index) => !message.includes(causes[index]?.message ?? ''));
  return untold.length === 0 ? words : `${words} (${untold.join('; ')})`;
};

/** The API server quotes what is wrong, as Go prints it: pages of it for a pod template, and values that may be a Secret's. */
const withoutValues = (text: string): string =>
  text.replace(/&?value\.valueUnstructured\{Value:.*?\}/gs, 'another type').replace(/Invalid value: (?=\S*[{[]).*[}\]]"?: /gs, 'Invalid value: ');

const oneLine = (text: string): string => {
  const line = text.replace(/\s*\n\s*/g, ' ').trim();
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE - 1)}…` : line;
};

const readStatus = (reply: Reply): ApiStatus => {
  const text = reply.body.toString('utf8');
  const status = record(parseOrUndefined(text));
  const details = record(status['details']);
  const causes = Array.isArray(details['causes']) ? details['causes'] : [];
  const isStatus = status['kind'] === 'Status';
  return {
    isStatus,
    message: string(status['message']) || (isStatus ? string(status['reason']) : text.trim()) || `status ${reply.status}`,
    about: { kind: string(details['kind']), name: string(details['name']) },
    causes: causes.map(record).map((cause) => ({ reason: string(cause['reason']), message: string(cause['message']), field: string(cause['field']) })),
  };
};

const parseOrUndefined = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const record = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {});

const string = (value: unknown): string => (typeof value === 'string' ? value : '');
