/** An HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const JSON_HEADERS = { 'content-type': 'application/json' };

/** The answer to a request that comes to nothing before anybody has looked at what it asks for. */
export const failure = (status: number, reason: string, message: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { ...JSON_HEADERS, ...headers },
  body: JSON.stringify(statusOf(status, reason, message)),
});

/** A request that is not granted, with the API server's own words. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(status: number, reason: string, message: string, details: Readonly<Record<string, unknown>> = {}, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.answer = { status, headers, body: JSON.stringify(statusOf(status, reason, message, details)) };
  }
}

/** A `v1/Status` that says what went wrong. */
export const statusOf = (code: number, reason: string, message: string, details: Readonly<Record<string, unknown>> = {}): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  details,
  code,
});

/** As messages name a resource. */
const qualified = (group: string, resource: string): string => (group === '' ? resource : `${resource}.${group}`);

export const notFound = (group: string, resource: string, name: string): Refusal =>
  new Refusal(404, 'NotFound', `${qualified(group, resource)} "${name}" not found`, { name, ...(group !== '' && { group }), kind: resource });

export const exists = (group: string, resource: string, name: string): Refusal =>
  new Refusal(409, 'AlreadyExists', `${qualified(group, resource)} "${name}" already exists`, { name, ...(group !== '' && { group }), kind: resource });

export const conflict = (group: string, resource: string, name: string, why: string): Refusal =>
  new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(group, resource)} "${name}": ${why}`, { name, ...(group !== '' && { group }), kind: resource });

export const CHANGED = 'the object has been modified; please apply your changes to the latest version and try again';

export const notServed = (): Refusal => new Refusal(404, 'NotFound', 'the server could not find the requested resource');
