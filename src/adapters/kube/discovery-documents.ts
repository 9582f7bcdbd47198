import { fieldsOf, listOf, textOf } from './kube-object.ts';

/** A kind as it is served. */
export interface ServedKind {
  /** `deployments`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
}

/** One version of an API group. */
export interface ServedVersion {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** Says that what serves it does not answer at present, so that its kinds are not known. */
  readonly isStale: boolean;
  readonly kinds: ReadonlyMap<string, ServedKind>;
  /** Kinds of subresources too, as Helm counts them. */
  readonly allKinds: readonly string[];
}

/** Whether a discovery answer is an aggregated one (KEP-3352). */
export const isAggregated = (document: unknown): boolean => fieldsOf(document)['kind'] === 'APIGroupDiscoveryList';

/** Versions of an `APIGroupDiscoveryList`. */
export const aggregatedVersions = (document: unknown): readonly ServedVersion[] =>
  listOf(fieldsOf(document)['items']).flatMap((group) => {
    const groupName = textOf(fieldsOf(fieldsOf(group)['metadata'])['name']);
    return listOf(fieldsOf(group)['versions']).map((version) => aggregatedVersion(groupName, fieldsOf(version)));
  });

const aggregatedVersion = (group: string, version: Readonly<Record<string, unknown>>): ServedVersion => {
  const resources = listOf(version['resources']).map(fieldsOf);
  const kinds = resources.flatMap((resource): [string, ServedKind][] => {
    const kind = responseKind(resource);
    return kind === '' ? [] : [[kind, { resource: textOf(resource['resource']), isNamespaced: resource['scope'] === 'Namespaced' }]];
  });
  return {
    apiVersion: joined(group, textOf(version['version'])),
    isStale: version['freshness'] === 'Stale',
    kinds: firstOfEach(kinds),
    allKinds: resources.flatMap((resource) => [resource, ...listOf(resource['subresources']).map(fieldsOf)].map(responseKind)).filter((kind) => kind !== ''),
  };
};

const responseKind = (resource: Readonly<Record<string, unknown>>): string => textOf(fieldsOf(resource['responseKind'])['kind']);

/** apiVersions of the plain documents: of `/api` (`APIVersions`) or of `/apis` (`APIGroupList`). */
export const plainApiVersions = (document: unknown): readonly string[] => [
  ...listOf(fieldsOf(document)['versions']).map(textOf),
  ...listOf(fieldsOf(document)['groups']).flatMap((group) => listOf(fieldsOf(group)['versions']).map((version) => textOf(fieldsOf(version)['groupVersion']))),
];

/** One version from its `APIResourceList`; undefined stands for one that could not be had. */
export const plainVersion = (apiVersion: string, document: unknown): ServedVersion => {
  const resources = listOf(fieldsOf(document)['resources']).map(fieldsOf);
  const kinds = resources
    .filter((resource) => !textOf(resource['name']).includes('/'))
    .map((resource): [string, ServedKind] => [textOf(resource['kind']), { resource: textOf(resource['name']), isNamespaced: resource['namespaced'] === true }]);
  return { apiVersion, isStale: document === undefined, kinds: firstOfEach(kinds), allKinds: resources.map((resource) => textOf(resource['kind'])) };
};

/** Where several resources answer with one kind, the first is the kind's own. */
const firstOfEach = (kinds: readonly [string, ServedKind][]): ReadonlyMap<string, ServedKind> => new Map(kinds.toReversed());

const joined = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`);

/** Helm's `.Capabilities.APIVersions`, as its `action.GetVersionSet` makes it of discovery; stale versions are left out. */
export const helmApiVersions = (versions: readonly ServedVersion[]): readonly string[] => {
  const fresh = versions.filter(({ isStale }) => !isStale);
  return [...new Set([...fresh.map(({ apiVersion }) => apiVersion), ...fresh.flatMap(({ apiVersion, allKinds }) => allKinds.map((kind) => `${apiVersion}/${kind}`))])];
};
