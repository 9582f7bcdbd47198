import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import { memberSpans, parseExact } from '../../core/exact-json.ts';
import { type NewRecord, type ReadContent, type RecordContent, RecordInvalidError, type RecordStatus, RecordTooLargeError, type ReleaseAddress } from '../../ports/records.ts';
import { fieldsOf, textOf } from './kube-object.ts';

const compressAside = promisify(gzip);
const expandAside = promisify(gunzip);
/** Up to here the way to the thread pool and back costs more than the work: 440 us against 70 us for 7 KB. */
const SMALL_BYTES = 128 * 1024;
/** What may be a thousand times as long when it is expanded must be smaller. */
const SMALL_PACKED_BYTES = 16 * 1024;

/** What the API server lets a Secret's bytes add up to (MaxSecretSize). */
export const MAX_SECRET_BYTES = 1024 * 1024;
/** A new record leaves room for the words of how it ends: what is applied must not fail for its record. */
export const MAX_NEW_BYTES = MAX_SECRET_BYTES - 8 * 1024;
const MAX_JSON_BYTES = 64 * 1024 * 1024;

/**
 * A Helm release as its Secret holds it, cut in three around `info`, so that another status leaves every other byte
 * alone. What stands before and after is compressed already: gzip streams, one after the other, are one (RFC 1952, 2.2).
 */
export interface PackedRecord {
  readonly before: Buffer;
  /** JSON of the release's `info`. */
  readonly info: string;
  readonly after: Buffer;
}

/** Packs a new record in the form of helm.sh/helm/v4/pkg/release/v1. */
export const packRecord = async (address: ReleaseAddress, record: NewRecord): Promise<PackedRecord> => {
  const { content } = record;
  const identity = JSON.stringify({ name: address.releaseName, version: record.revision, namespace: address.namespace, apply_method: 'csa' });
  const before = `${identity.slice(0, -1)},"chart":${content.chart},"config":${orNull(content.config)},"hooks":${orNull(content.hooks)},"manifest":${JSON.stringify(content.manifest)},"info":`;
  return { before: await compress(before), info: infoOf(content, record.status), after: END };
};

const compress = async (text: string): Promise<Buffer> => trimmed(text.length <= SMALL_BYTES ? gzipSync(text) : await compressAside(text));

/** zlib's answer is the beginning of a buffer of 16 KiB or more, which would be kept with it. */
const trimmed = (bytes: Buffer): Buffer => {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
};

const END = trimmed(gzipSync('}'));

const orNull = (json: string): string => (json.trim() === '' ? 'null' : json);

/** `deleted` is empty, not absent, as Helm 3 writes it; Helm 4 reads both. */
const infoOf = (content: RecordContent, status: RecordStatus): string =>
  JSON.stringify({
    first_deployed: content.firstDeployed,
    last_deployed: content.lastDeployed,
    deleted: '',
    description: content.description,
    status,
    notes: content.helmNotes,
  });

/** The same record with another status, and another description where one is given. */
export const withStatus = (packed: PackedRecord, status: RecordStatus, description?: string): PackedRecord => ({
  ...packed,
  info: JSON.stringify({ ...fieldsOf(parseExact(packed.info)), ...(description !== undefined && { description }), status }),
});

/** The same record with another member, JSON; every byte outside of it stays. */
export const withMember = async (packed: PackedRecord, name: 'hooks' | 'apply_method', value: string): Promise<PackedRecord> => {
  const [before, after] = await Promise.all([expand(packed.before), expand(packed.after)]);
  const json = `${before.toString('utf8')}${packed.info}${after.toString('utf8')}`;
  const span = membersOf(json).all.get(name);
  return repackRecord(span === undefined ? `{"${name}":${value},${json.trimStart().slice(1)}` : `${json.slice(0, span.start)}${value}${json.slice(span.end)}`);
};

/** Value of the key `release` in the Secret's JSON: base64, as of all Secrets, of Helm's base64 of gzip. Throws RecordTooLargeError. */
export const secretValueOf = async (packed: PackedRecord, maxBytes = MAX_SECRET_BYTES): Promise<string> => {
  const helm = Buffer.concat([packed.before, await compress(packed.info), packed.after]).toString('base64');
  if (helm.length > maxBytes) throw new RecordTooLargeError(`it would have ${helm.length} bytes, compressed, and may have ${maxBytes}, since a Secret holds 1 MiB`);
  return Buffer.from(helm, 'latin1').toString('base64');
};

/** JSON of the release in a Secret. Rejects with RecordInvalidError where it holds none. */
export const recordJsonOf = async (secretValue: string): Promise<string> => {
  const bytes = Buffer.from(Buffer.from(secretValue, 'base64').toString('latin1'), 'base64');
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
  try {
    return (isCompressed ? await expand(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new RecordInvalidError('it cannot be decompressed', { cause: error });
  }
};

const expand = async (bytes: Buffer): Promise<Buffer> => {
  const options = { maxOutputLength: MAX_JSON_BYTES };
  return bytes.length <= SMALL_PACKED_BYTES ? gunzipSync(bytes, options) : expandAside(bytes, options);
};

/** Packs a release that somebody, Helm too, has written; its bytes outside of `info` stay as they are. Rejects with RecordInvalidError. */
export const repackRecord = async (json: string): Promise<PackedRecord> => {
  const { info } = membersOf(json);
  const [before, after] = await Promise.all([compress(json.slice(0, info.start)), compress(json.slice(info.end))]);
  return { before, info: json.slice(info.start, info.end), after };
};

/** Throws RecordInvalidError where this is the JSON of another release, or of another revision. */
export const checkIdentity = (json: string, { releaseName }: ReleaseAddress, revision: number): void => {
  const { all } = membersOf(json);
  const [name, version] = ['name', 'version'].map((key) => {
    const span = all.get(key);
    return span === undefined ? undefined : (JSON.parse(json.slice(span.start, span.end)) as unknown);
  });
  if (name !== releaseName || version !== revision) throw new RecordInvalidError(`it is of revision ${String(version)} of ${String(name)}`);
};

/** Content of a release. Throws RecordInvalidError where it is none. */
export const contentOf = (json: string): ReadContent => {
  const spans = membersOf(json);
  const raw = (key: string, absent: string) => {
    const span = spans.all.get(key);
    return span === undefined ? absent : json.slice(span.start, span.end);
  };
  const info = fieldsOf(parseExact(raw('info', '{}')));
  return {
    chart: raw('chart', 'null'),
    config: raw('config', 'null'),
    hooks: raw('hooks', 'null'),
    manifest: textOf(JSON.parse(raw('manifest', '""'))),
    helmNotes: textOf(info['notes']),
    description: textOf(info['description']),
    applyMethod: textOf(JSON.parse(raw('apply_method', '""'))),
    firstDeployed: textOf(info['first_deployed']),
    lastDeployed: textOf(info['last_deployed']),
  };
};

const membersOf = (json: string) => {
  try {
    JSON.parse(json);
  } catch (error) {
    throw new RecordInvalidError('it is no JSON', { cause: error });
  }
  const all = memberSpans(json);
  const info = all.get('info');
  if (info === undefined) throw new RecordInvalidError('it has no info');
  return { all, info };
};
