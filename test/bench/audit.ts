import { open, stat } from 'node:fs/promises';

/** Log every write, and no more of it than who sent what to which object. */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }],
};

/** One request that the API server logged. */
export interface AuditedWrite {
  /** `patch chartreleases/status` */
  readonly what: string;
  readonly kind: 'Write' | 'DryRun' | 'Lease' | 'Review';
  readonly userAgent: string;
  /** When it came and when it was answered, in ms since the epoch. */
  readonly receivedAt: number;
  readonly answeredAt: number;
  readonly status: number;
}

/** The API server's audit log, read bit by bit. */
export class AuditLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Where the log ends now, in bytes. */
  async end(): Promise<number> {
    return (await stat(this.#file)).size;
  }

  /** What was logged from there on. */
  async since(offset: number): Promise<readonly AuditedWrite[]> {
    const file = await open(this.#file);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - offset), 0, size - offset, offset);
      return parseAudit(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  }
}

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** Writes of a piece of the log, one JSON document a line (audit.k8s.io/v1); a line that is not complete yet is left out. */
export const parseAudit = (text: string): readonly AuditedWrite[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => writeOf(JSON.parse(line) as AuditEvent)); // the API server's own format

const writeOf = (event: AuditEvent): AuditedWrite => {
  const { resource = '?', subresource } = event.objectRef ?? {};
  return {
    what: `${event.verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`,
    kind: kindOf(event.requestURI, resource),
    userAgent: event.userAgent ?? '',
    receivedAt: Date.parse(event.requestReceivedTimestamp),
    answeredAt: Date.parse(event.stageTimestamp),
    status: event.responseStatus?.code ?? 0,
  };
};

/** A dry run writes nothing, a review is a question that is asked by POST, and a Lease is renewed whatever happens. */
const kindOf = (uri: string, resource: string): AuditedWrite['kind'] => {
  if (uri.includes('dryRun=All')) return 'DryRun';
  if (resource === 'leases') return 'Lease';
  return resource.endsWith('reviews') ? 'Review' : 'Write';
};
