import { LRUCache } from 'lru-cache';
import { ClusterError } from '../../ports/cluster.ts';
import {
  type NewRecord,
  type RecordChange,
  type ReadContent,
  type RecordHead,
  RecordInvalidError,
  type Records,
  type RecordsChanged,
  RecordTooLargeError,
  type ReleaseAddress,
  type Term,
} from '../../ports/records.ts';
import { readJson } from './api.ts';
import { hasCode, nonsense } from './api-error.ts';
import type { Connection } from './connection.ts';
import type { Reply } from './exchange.ts';
import { fieldsOf, METADATA_ONLY, metadataOf } from './kube-object.ts';
import { RecordIndex } from './record-index.ts';
import { checkIdentity, contentOf, MAX_NEW_BYTES, packRecord, type PackedRecord, recordJsonOf, repackRecord, secretValueOf, withMember, withStatus } from './record-codec.ts';
import { annotationsAtEnd, annotationsFor, annotationsOf, annotationsOfTerm, DAMAGE, headOf, newLabels, RECORD_TYPE, secretNameOf } from './record-secret.ts';
import type { ApiRequest } from './transport.ts';

const PACKED_BYTES = 16 * 1024 * 1024;

/** Helm's release records as Secrets. A record that we wrote is remembered, so that marking it does not need to read it. */
export class KubeRecords implements Records {
  readonly #connection: Connection;
  readonly #term: () => Term | undefined;
  readonly #index: RecordIndex;
  /** By path and resourceVersion, so that what is remembered is what is there or is not found. */
  readonly #packed = new LRUCache<string, PackedRecord>({ maxSize: PACKED_BYTES, sizeCalculation: ({ before, info, after }) => before.length + info.length + after.length });
  /** What is wrong with records that were read, by the same keys; empty where nothing is. */
  readonly #found = new LRUCache<string, string>({ max: 1000 });

  /** `term` says who leads when a record is made. */
  constructor(connection: Connection, { changed, term }: { readonly changed: RecordsChanged; readonly term: () => Term | undefined }) {
    this.#connection = connection;
    this.#term = term;
    this.#index = new RecordIndex(connection, changed);
  }

  /** Begins to watch the heads of records; to be called once. */
  start(): void {
    this.#index.start();
  }

  /** Resolves when they are in, or cannot come in at present. Rejects only when the signal aborts. */
  settled(signal: AbortSignal): Promise<void> {
    return this.#index.settled(signal);
  }

  /** Lists them anew: until that list is in, whoever asks for records waits for it. */
  refresh(): void {
    this.#index.refresh();
  }

  /** The heads of all records are in. */
  get isReady(): boolean {
    return this.#index.isReady;
  }

  async list(address: ReleaseAddress, signal: AbortSignal): Promise<readonly RecordHead[]> {
    const heads = await this.#index.heads(address, signal);
    return heads.some(({ isTouched }) => isTouched) ? heads.map((head) => this.#asFound(address, head)) : heads;
  }

  async read(address: ReleaseAddress, head: RecordHead, signal: AbortSignal): Promise<ReadContent> {
    try {
      const { json } = await this.#fetch(address, head, signal);
      const content = await named(address, head, async () => contentOf(json));
      this.#found.set(rememberedAs(address, head), '');
      return content;
    } catch (error) {
      if (error instanceof RecordInvalidError) this.#found.set(rememberedAs(address, head), error.message);
      throw error;
    }
  }

  async create(address: ReleaseAddress, record: NewRecord, signal: AbortSignal): Promise<RecordHead> {
    const packed = await packRecord(address, record);
    const name = secretNameOf(address.releaseName, record.revision);
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      type: RECORD_TYPE,
      metadata: {
        name,
        namespace: address.namespace,
        labels: newLabels(address, record, this.#nowSeconds()),
        annotations: { ...annotationsOf(record.notes), ...annotationsFor(record.renderedFor), ...annotationsOfTerm(this.#term()) },
      },
      data: { release: await newValueOf(address, record, packed) },
    });
    const action = `create Secret ${address.namespace}/${name}`;
    const reply = await this.#ask(address, action, { method: 'POST', path: `${collectionOf(address)}?fieldManager=tagalong`, accept: METADATA_ONLY, body }, signal);
    return this.#remember(address, action, readJson(action, reply), packed);
  }

  async mark(address: ReleaseAddress, head: RecordHead, change: RecordChange, signal: AbortSignal): Promise<RecordHead> {
    const packed = await this.#changed(address, head, change, signal);
    const isDamaged = packed instanceof RecordInvalidError;
    const labels = { status: change.status, modifiedAt: String(this.#nowSeconds()) };
    const annotations = {
      ...annotationsAtEnd(change, this.#nowSeconds()),
      ...((isDamaged || head.damage !== undefined) && { [DAMAGE]: isDamaged ? packed.message : null }),
    };
    const metadata = { resourceVersion: head.resourceVersion, labels, annotations };
    const body = JSON.stringify({ metadata, ...(!isDamaged && { data: { release: await secretValueOf(packed) } }) });
    const action = `mark Secret ${address.namespace}/${head.secret} as ${change.status}`;
    const path = `${pathOf(address, head)}?fieldManager=tagalong`;
    const reply = await this.#ask(address, action, { method: 'PATCH', path, accept: METADATA_ONLY, contentType: 'application/merge-patch+json', body }, signal);
    this.#packed.delete(rememberedAs(address, head));
    return this.#remember(address, action, readJson(action, reply), isDamaged ? undefined : packed);
  }

  async remove(address: ReleaseAddress, head: RecordHead, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { resourceVersion: head.resourceVersion } });
    for (const known of [this.#packed, this.#found]) known.delete(rememberedAs(address, head));
    try {
      await this.#ask(address, `delete Secret ${address.namespace}/${head.secret}`, { method: 'DELETE', path: pathOf(address, head), accept: METADATA_ONLY, body }, signal);
      this.#index.wrote(address, { kind: 'Removed', head });
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
    }
  }

  /** With what came of reading it, where it was read as it is now. */
  #asFound(address: ReleaseAddress, head: RecordHead): RecordHead {
    const damage = this.#found.get(rememberedAs(address, head));
    if (damage === undefined) return head;
    return damage === '' ? { ...head, isTouched: false } : { ...head, damage };
  }

  /** The record as it is to be, or what is wrong with it as it is. */
  async #changed(
    address: ReleaseAddress,
    head: RecordHead,
    { status, description, hooks, applyMethod }: RecordChange,
    signal: AbortSignal,
  ): Promise<PackedRecord | RecordInvalidError> {
    try {
      const before = await this.#packedOf(address, head, signal);
      const hooked = hooks === undefined ? before : await withMember(before, 'hooks', hooks);
      return withStatus(applyMethod === undefined ? hooked : await withMember(hooked, 'apply_method', JSON.stringify(applyMethod)), status, description);
    } catch (error) {
      if (!(error instanceof RecordInvalidError) || status === 'deployed' || hooks !== undefined) throw error;
      return error;
    }
  }

  async #packedOf(address: ReleaseAddress, head: RecordHead, signal: AbortSignal): Promise<PackedRecord> {
    const known = this.#packed.get(rememberedAs(address, head));
    if (known !== undefined) return known;
    const { json, resourceVersion } = await this.#fetch(address, head, signal);
    if (resourceVersion !== head.resourceVersion) {
      this.#index.doubt(address);
      throw new ClusterError('Conflict', `cannot mark Secret ${address.namespace}/${head.secret}: somebody else has changed it`);
    }
    return named(address, head, () => repackRecord(json));
  }

  async #fetch(address: ReleaseAddress, head: RecordHead, signal: AbortSignal): Promise<{ readonly json: string; readonly resourceVersion: string }> {
    const action = `read Secret ${address.namespace}/${head.secret}`;
    const secret = readJson(action, await this.#ask(address, action, { method: 'GET', path: pathOf(address, head) }, signal));
    const { release } = fieldsOf(fieldsOf(secret)['data']);
    if (typeof release !== 'string') throw new RecordInvalidError(`Secret ${address.namespace}/${head.secret} is no Helm release: it has no key release`);
    const json = await named(address, head, async () => {
      const text = await recordJsonOf(release);
      checkIdentity(text, address, head.revision);
      return text;
    });
    return { json, resourceVersion: metadataOf(secret).resourceVersion };
  }

  /** Whatever contradicts the index makes it look again. */
  async #ask(address: ReleaseAddress, action: string, request: ApiRequest, signal: AbortSignal): Promise<Reply> {
    try {
      return await this.#connection.api.ask(action, request, signal);
    } catch (error) {
      this.#index.doubt(address);
      throw error;
    }
  }

  #remember(address: ReleaseAddress, action: string, secret: unknown, packed: PackedRecord | undefined): RecordHead {
    const head = headOf(address, secret);
    if (head === undefined) throw nonsense(action, 'it is about another Secret');
    // A superseded record is never marked again.
    if (packed !== undefined && head.status !== 'superseded') this.#packed.set(rememberedAs(address, head), packed);
    this.#index.wrote(address, { kind: 'Wrote', head });
    return head;
  }

  #nowSeconds(): number {
    return Math.floor(this.#connection.clock.now() / 1000);
  }
}

const collectionOf = (address: ReleaseAddress): string => `/api/v1/namespaces/${encodeURIComponent(address.namespace)}/secrets`;

const pathOf = (address: ReleaseAddress, head: RecordHead): string => `${collectionOf(address)}/${encodeURIComponent(head.secret)}`;

const rememberedAs = (address: ReleaseAddress, head: RecordHead): string => `${pathOf(address, head)}@${head.resourceVersion}`;

const newValueOf = async (address: ReleaseAddress, { revision }: NewRecord, packed: PackedRecord): Promise<string> => {
  try {
    return await secretValueOf(packed, MAX_NEW_BYTES);
  } catch (error) {
    if (!(error instanceof RecordTooLargeError)) throw error;
    const what = `the release record of revision ${revision} of ${address.namespace}/${address.releaseName} is too large`;
    throw new RecordTooLargeError(`${what}: ${error.message}; nothing was applied: have the chart render less, or split it`, { cause: error });
  }
};

/** The codec knows no names: they are put before its words here. */
const named = async <T>(address: ReleaseAddress, head: RecordHead, run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof RecordInvalidError)) throw error;
    throw new RecordInvalidError(`Secret ${address.namespace}/${head.secret} is no Helm release: ${error.message}`, { cause: error.cause });
  }
};
