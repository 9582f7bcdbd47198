import { type Answer, CHANGED, conflict, exists, JSON_HEADERS, notFound, notServed, Refusal } from './answers.ts';
import { CORE, GROUPS, VERSION } from './discovery.ts';
import { isEqual } from './fields.ts';
import { type Kind, KINDS, RELEASES } from './kinds.ts';
import { apply, isSame, update, type Writer } from './managed.ts';
import { jsonOf, metadataJsonOf, type Stored, type StoredMetadata } from './object.ts';
import { jsonPatch, mergePatch } from './patches.ts';
import { isSelected, type Selector } from './selectors.ts';
import { type Actor, keyOf, Store } from './store.ts';
import { Watch } from './watch.ts';

/** An HTTP request. */
export interface Request {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a path and a query say. */
interface Target {
  readonly kind: Kind;
  readonly group: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
}

type Fields = Readonly<Record<string, unknown>>;

interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Metadata that a client may set. */
type GivenMetadata = Partial<StoredMetadata>;

/**
 * A model of kube-apiserver, of what the operator asks of it: at once, in memory, with no chance and no time but the clock's. test/sim/model.int.test.ts
 * holds it to the real one.
 */
export class ApiServer {
  readonly store = new Store();
  readonly #now: () => number;
  #uids = 0;
  #by: Actor = 'Operator';

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers a request that is no watch. What it writes is there when this returns. */
  answer(request: Request, by: Actor = 'Operator'): Answer {
    this.#by = by;
    try {
      return this.#answer(request);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  /** The watch that is asked for; undefined for any other request. */
  watch(request: Request): Watch | undefined {
    const query = queryOf(request.path);
    if (request.method !== 'GET' || query.get('watch') !== 'true') return undefined;
    const { kind, namespace } = targetOf(request.path);
    const isPartial = request.headers['accept']?.includes('as=PartialObjectMetadata') === true;
    return new Watch(this.store, { kind, selector: selectorIn(query, namespace), from: Number(query.get('resourceVersion')), isPartial });
  }

  #answer(request: Request): Answer {
    const [path = ''] = request.path.split('?');
    if (path === '/readyz') return { status: 200, headers: {}, body: 'ok' };
    if (path === '/version') return { status: 200, headers: JSON_HEADERS, body: VERSION };
    if (path === '/api') return { status: 200, headers: JSON_HEADERS, body: CORE };
    if (path === '/apis') return { status: 200, headers: JSON_HEADERS, body: GROUPS };
    const target = targetOf(request.path);
    switch (request.method) {
      case 'GET':
        return target.name === undefined ? this.#list(target, request) : printed(this.#existing(target), request);
      case 'POST':
        return this.#create(target, request);
      case 'PATCH':
        return this.#patch(target, request);
      case 'PUT':
        return this.#replace(target, request);
      case 'DELETE':
        return this.#delete(target, request);
      default:
        throw new Error(`${request.method} is not simulated`);
    }
  }

  #existing(target: Target): Stored {
    const found = this.#find(target);
    if (found === undefined) throw notFound(target.group, target.kind.resource, target.name ?? '');
    return found;
  }

  #find({ kind, namespace, name = '' }: Target): Stored | undefined {
    return this.store.get(kind, namespace === undefined ? name : `${namespace}/${name}`);
  }

  #list({ kind, namespace, query }: Target, request: Request): Answer {
    const all = this.store.all(kind).filter((object) => isSelected(object, selectorIn(query, namespace)));
    const { limit, from, resourceVersion } = pageIn(query, this.store.revision);
    const page = all.filter((object) => keyOf(object) > from).slice(0, limit);
    const last = page.at(-1);
    const isCut = last !== undefined && all.at(-1) !== last;
    const metadata = { resourceVersion, ...(isCut && { continue: `${resourceVersion} ${keyOf(last)}` }) };
    const isPartial = isPartialWanted(request);
    const head = isPartial ? '"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1"' : `"kind":"${kind.kind}List","apiVersion":"${kind.apiVersion}"`;
    const items = page.map(isPartial ? metadataJsonOf : jsonOf).join(',');
    return { status: 200, headers: JSON_HEADERS, body: `{${head},"metadata":${JSON.stringify(metadata)},"items":[${items}]}` };
  }

  #create(target: Target, request: Request): Answer {
    const { kind, group } = target;
    const given = JSON.parse(request.body) as Stored; // as the client says
    if (kind.kind === 'Event') return { ...printed(this.#born(target, given, given.metadata.name), request), status: 201 };
    this.#checkNamespace(target);
    const { name } = given.metadata;
    if (this.#find({ ...target, name }) !== undefined) throw exists(group, kind.resource, name);
    const born = withoutEmpty(kind.complete(this.#born(target, given, name)));
    checkValid(target, born, undefined);
    return { ...printed(this.#save(target, kind.prepare(this.#managed(target, undefined, born)), undefined), request), status: 201 };
  }

  #patch(target: Target, request: Request): Answer {
    const type = request.headers['content-type'] ?? '';
    if (type.startsWith('application/apply-patch')) return this.#apply(target, request);
    const live = this.#existing(target);
    const patch = JSON.parse(request.body) as unknown;
    const patched = (type.startsWith('application/merge-patch') ? mergePatch(live, patch) : jsonPatch(live, patch as Parameters<typeof jsonPatch>[1])) as Stored; // as the client says
    const given = type.startsWith('application/merge-patch') ? (patch as { readonly metadata?: GivenMetadata }).metadata : { resourceVersion: patched.metadata.resourceVersion };
    if (given !== undefined) checkPreconditions(target, live, given, 'Update');
    return printed(this.#change(target, live, patched), request);
  }

  #replace(target: Target, request: Request): Answer {
    const live = this.#existing(target);
    const given = JSON.parse(request.body) as Stored; // as the client says
    checkPreconditions(target, live, given.metadata, 'Update');
    const { namespace, uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds, resourceVersion, managedFields } = live.metadata;
    const kept = {
      ...(namespace !== undefined && { namespace }),
      uid,
      creationTimestamp,
      resourceVersion,
      managedFields,
      ...(generation !== undefined && { generation }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp, deletionGracePeriodSeconds }),
    };
    return printed(this.#change(target, live, { ...given, metadata: { ...given.metadata, ...kept } } as Stored), request);
  }

  #apply(target: Target, request: Request): Answer {
    const { kind } = target;
    const live = this.#find(target);
    if (live === undefined) this.#checkNamespace(target);
    const declared = JSON.parse(request.body) as Stored; // as the client says
    const { uid } = declared.metadata;
    if (uid !== undefined && uid !== live?.metadata.uid) throw conflict(target.group, kind.resource, target.name ?? '', uidMismatch(uid, live?.metadata.uid ?? ''));
    const placed = live === undefined ? this.#born(target, declared, target.name ?? '') : { ...declared, metadata: withoutSystem(declared.metadata) };
    const applied = apply(kind, live, { ...placed, apiVersion: kind.apiVersion, kind: kind.kind } as Stored, this.#writer(target));
    checkValid(target, applied, live);
    const saved = this.#save(target, withoutEmpty(live === undefined ? kind.prepare(applied) : applied), live);
    return { ...printed(saved, request), status: live === undefined ? 201 : 200 };
  }

  /** A live object becomes another one: what its endpoint may not change stays. */
  #change(target: Target, live: Stored, wanted: Stored): Stored {
    const { kind } = target;
    const isStatus = target.subresource === 'status';
    const allowed = isStatus ? { ...live, ...('status' in wanted && { status: wanted['status'] }) } : kind.hasStatus ? withStatus(wanted, live['status']) : wanted;
    const after = withoutEmpty(isStatus ? allowed : kind.complete(allowed));
    checkValid(target, after, live);
    return this.#save(target, this.#managed(target, live, after), live);
  }

  /** Nobody looks at who has which field of a ChartRelease. */
  #managed(target: Target, live: Stored | undefined, after: Stored): Stored {
    return target.kind === RELEASES ? after : update(target.kind, live, after, this.#writer(target));
  }

  #save(target: Target, wanted: Stored, live: Stored | undefined): Stored {
    const { kind, query } = target;
    const after = kind.hasStatus && kind !== RELEASES ? { status: {}, ...wanted } : wanted;
    const isSpecOther = live !== undefined && kind.isCounted && !isEqual(contentOf(live), contentOf(after));
    const generation = live === undefined ? (kind.isCounted ? 1 : undefined) : (live.metadata.generation ?? 0) + Number(isSpecOther);
    const counted: Stored = kind.isCounted ? { ...after, metadata: { ...after.metadata, generation: generation ?? 1 } } : after;
    if (query.get('dryRun') === 'All') return counted;
    if (live !== undefined && isSame(live, counted)) return live;
    const isLeft = counted.metadata.deletionTimestamp !== undefined && (counted.metadata.finalizers ?? []).length === 0;
    if (!isLeft || live === undefined) return this.store.put(kind, counted, this.#by);
    this.store.delete(kind, live, this.#by);
    return counted;
  }

  #delete(target: Target, request: Request): Answer {
    const live = this.#existing(target);
    const { preconditions = {} } = (request.body === '' ? {} : JSON.parse(request.body)) as { readonly preconditions?: Preconditions }; // as the client says
    checkPreconditions(target, live, preconditions, 'Delete');
    const { finalizers = [], deletionTimestamp, generation } = live.metadata;
    if (finalizers.length === 0) this.store.delete(target.kind, live, this.#by);
    else if (deletionTimestamp === undefined) {
      const metadata = { ...live.metadata, deletionTimestamp: this.#time(), deletionGracePeriodSeconds: 0, ...(generation !== undefined && { generation: generation + 1 }) };
      return printed(this.store.put(target.kind, { ...live, metadata }, this.#by), request);
    } else return printed(live, request);
    const { kind, group } = target;
    const details = { name: live.metadata.name, ...(group !== '' && { group }), kind: kind.resource, uid: live.metadata.uid };
    return { status: 200, headers: JSON_HEADERS, body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }) };
  }

  #checkNamespace({ kind, namespace }: Target): void {
    if (kind.isNamespaced && this.store.all(NAMESPACES).every(({ metadata }) => metadata.name !== namespace)) throw notFound('', 'namespaces', namespace ?? '');
  }

  /** What every new object gets. */
  #born({ kind, namespace }: Target, { metadata, ...given }: Stored, name: string): Stored {
    this.#uids += 1;
    const uid = `00000000-0000-4000-8000-${String(this.#uids).padStart(12, '0')}`;
    const { labels, annotations, finalizers, ownerReferences } = metadata;
    const own = { ...(labels && { labels }), ...(annotations && { annotations }), ...(finalizers && { finalizers }), ...(ownerReferences && { ownerReferences }) };
    const born = { name, ...(kind.isNamespaced && namespace !== undefined && { namespace }), uid, resourceVersion: '', creationTimestamp: this.#time(), ...own };
    return { ...given, apiVersion: kind.apiVersion, kind: kind.kind, metadata: born };
  }

  #writer({ query, subresource }: Target): Writer {
    return { manager: query.get('fieldManager') ?? 'unknown', subresource, time: this.#time() };
  }

  #time(): string {
    return `${new Date(this.#now()).toISOString().slice(0, 19)}Z`;
  }
}

const NAMESPACES = KINDS.find(({ resource }) => resource === 'namespaces') as Kind; // of the table

const withStatus = ({ status: _, ...object }: Stored, status: unknown): Stored => ({ ...object, ...(status !== undefined && { status }) }) as Stored;

const withoutSystem = ({ labels, annotations, finalizers, ownerReferences }: StoredMetadata): unknown => ({
  ...(labels && { labels }),
  ...(annotations && { annotations }),
  ...(finalizers && { finalizers }),
  ...(ownerReferences && { ownerReferences }),
});

/** Maps and lists that nothing is in are not kept. */
const withoutEmpty = (object: Stored): Stored => {
  const { data, metadata, ...rest } = object as Stored & { readonly data?: object };
  const kept = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== '' && (typeof value !== 'object' || Object.keys(value).length > 0)));
  return { ...rest, metadata: kept, ...(data !== undefined && Object.keys(data).length > 0 && { data }) } as Stored;
};

/** What counts as a new generation when it changes. */
const contentOf = ({ metadata: _, status: __, ...rest }: Stored): Fields => rest;

const queryOf = (path: string): URLSearchParams => new URLSearchParams(path.slice(path.indexOf('?') + 1 || path.length));

const selectorIn = (query: URLSearchParams, namespace: string | undefined): Selector => ({
  namespace,
  labels: query.get('labelSelector') ?? '',
  fields: query.get('fieldSelector') ?? '',
});

const pageIn = (query: URLSearchParams, revision: number): { readonly limit: number; readonly from: string; readonly resourceVersion: string } => {
  const [resourceVersion = String(revision), from = ''] = query.get('continue')?.split(' ') ?? [];
  return { limit: Number(query.get('limit') ?? Number.POSITIVE_INFINITY), from, resourceVersion };
};

const targetOf = (text: string): Target => {
  const [path = ''] = text.split('?');
  const steps = path.split('/').slice(1).map(decodeURIComponent);
  const group = steps[0] === 'apis' ? (steps[1] ?? '') : '';
  const apiVersion = steps[0] === 'apis' ? `${steps[1]}/${steps[2]}` : (steps[1] ?? '');
  const rest = steps.slice(steps[0] === 'apis' ? 3 : 2);
  const isWithin = rest[0] === 'namespaces' && rest.length > 2;
  const [resource, name, subresource] = isWithin ? rest.slice(2) : rest;
  const kind = KINDS.find((one) => one.apiVersion === apiVersion && one.resource === resource);
  if (kind === undefined) throw notServed();
  return { kind, group, namespace: isWithin ? rest[1] : undefined, name, subresource, query: queryOf(text) };
};

const checkValid = ({ kind, group, name }: Target, object: Stored, before: Stored | undefined): void => {
  const wrong = kind.check(object, before);
  if (wrong.length > 0) throw invalid({ kind, group }, name ?? object.metadata.name, wrong);
};

/** The API server says it twice. */
const UID_CHANGED = ['metadata.uid', 'Invalid value: field is immutable'] as const;

const invalid = ({ kind, group }: Pick<Target, 'kind' | 'group'>, called: string, wrong: readonly (readonly [field: string, message: string])[]): Refusal => {
  const causes = wrong.map(([field, message]) => ({ reason: 'FieldValueInvalid', message, field }));
  const words = wrong.map(([field, message]) => `${field}: ${message}`).join(', ');
  return new Refusal(422, 'Invalid', `${kind.kind}.${group} "${called}" is invalid: ${words}`, { name: called, group, kind: kind.kind, causes });
};

const checkPreconditions = ({ kind, group }: Target, { metadata }: Stored, { uid, resourceVersion }: Preconditions, verb: 'Update' | 'Delete'): void => {
  const isOther = { uid: uid !== undefined && uid !== metadata.uid, version: resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion };
  if (verb === 'Update' && isOther.version) throw conflict(group, kind.resource, metadata.name, CHANGED);
  if (verb === 'Update' && isOther.uid) throw invalid({ kind, group }, metadata.name, [UID_CHANGED, UID_CHANGED]);
  if (isOther.uid) throw conflict(group, kind.kind, metadata.name, deletionMismatch(uid ?? '', metadata.uid));
  if (isOther.version) throw conflict(group, kind.kind, metadata.name, versionMismatch(resourceVersion ?? '', metadata.resourceVersion));
};

const versionMismatch = (given: string, found: string): string =>
  `the ResourceVersion in the precondition (${given}) does not match the ResourceVersion in record (${found}). The object might have been modified`;

const uidMismatch = (given: string, found: string): string => `Precondition failed: UID in precondition: ${given}, UID in object meta: ${found}`;

const deletionMismatch = (given: string, found: string): string =>
  `the UID in the precondition (${given}) does not match the UID in record (${found}). The object might have been deleted and then recreated`;

const isPartialWanted = ({ headers }: Request): boolean => headers['accept']?.includes('as=PartialObjectMetadata') === true;

const printed = (object: Stored, request: Request): Answer => ({ status: 200, headers: JSON_HEADERS, body: isPartialWanted(request) ? metadataJsonOf(object) : jsonOf(object) });
