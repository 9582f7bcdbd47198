import { narrowings, type Schema } from './crd-schema.ts';
import { fieldsOf, listOf, textOf } from './parsed-json.ts';
import { canonicalJson } from './values.ts';

/** `spec` of a CustomResourceDefinition of apiextensions.k8s.io/v1, as parsed JSON. */
export type DefinitionSpec = Readonly<Record<string, unknown>>;

/** A version of a definition. */
export interface DefinitionVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema: Schema;
  readonly subresources: Readonly<Record<string, unknown>>;
  readonly selectableFields: readonly unknown[];
}

/** Versions of a definition, in its order. */
export const versionsOf = (spec: DefinitionSpec): readonly DefinitionVersion[] =>
  listOf(spec['versions']).map((version) => {
    const { name, served, storage, schema, subresources, selectableFields } = fieldsOf(version);
    return {
      name: textOf(name),
      served: served === true,
      storage: storage === true,
      schema: fieldsOf(fieldsOf(schema)['openAPIV3Schema']),
      subresources: fieldsOf(subresources),
      selectableFields: listOf(selectableFields),
    };
  });

/**
 * Everything that those who use a definition would miss if another one took its place: a version, a field, a value that was allowed. Each is a
 * sentence with the exact place. None where everything goes on as before. `stored` are the versions that objects may be stored as.
 */
export const lossesOf = (from: DefinitionSpec, to: DefinitionSpec, stored: readonly string[]): readonly string[] => [
  ...nameLosses(named(from), named(to)),
  ...(textOf(from['scope']) === textOf(to['scope']) ? [] : [`its scope would change from ${textOf(from['scope'])} to ${textOf(to['scope'])}`]),
  ...(from['preserveUnknownFields'] === true && to['preserveUnknownFields'] !== true ? ['fields that the schemas do not name would be removed (preserveUnknownFields)'] : []),
  ...conversionLosses(from, to),
  ...versionLosses(from, to, stored),
  ...storageLosses(from, to),
];

const nameLosses = (from: Schema, to: Schema): readonly string[] =>
  ['kind', 'listKind', 'plural', 'singular'].flatMap((name) => (from[name] === to[name] ? [] : [`names.${name} would change from ${textOf(from[name])} to ${textOf(to[name])}`]));

/** Names with what the API server fills in. */
const named = ({ names }: DefinitionSpec): Schema => {
  const { kind, plural, singular, listKind } = fieldsOf(names);
  return { kind, plural, singular: textOf(singular) || textOf(kind).toLowerCase(), listKind: textOf(listKind) || `${textOf(kind)}List` };
};

const conversionLosses = (from: DefinitionSpec, to: DefinitionSpec): readonly string[] =>
  strategyOf(from) === 'Webhook' && strategyOf(to) !== 'Webhook' && versionsOf(to).length > 1 ? ['objects would be converted between versions by no webhook any more'] : [];

const strategyOf = ({ conversion }: DefinitionSpec): string => textOf(fieldsOf(conversion)['strategy']) || 'None';

const versionLosses = (from: DefinitionSpec, to: DefinitionSpec, stored: readonly string[]): readonly string[] => {
  const after = new Map(versionsOf(to).map((version) => [version.name, version]));
  return versionsOf(from).flatMap((before) => {
    const isStored = stored.includes(before.name);
    if (!before.served && !isStored) return [];
    const next = after.get(before.name);
    if (next === undefined) return [`version ${before.name} would be removed, which ${isStored ? 'objects are stored as (status.storedVersions)' : 'is served'}`];
    if (before.served && !next.served) return [`version ${before.name} would be served no more`];
    return withinVersion(before, next).map((loss) => `version ${before.name}: ${loss}`);
  });
};

const withinVersion = (before: DefinitionVersion, next: DefinitionVersion): readonly string[] => {
  const fields = new Set(next.selectableFields.map(canonicalJson));
  return [
    ...Object.keys(before.subresources).flatMap((name) => (next.subresources[name] === undefined ? [`its subresource ${name} would be removed`] : [])),
    ...before.selectableFields.flatMap((field) => (fields.has(canonicalJson(field)) ? [] : [`objects could not be selected by ${textOf(fieldsOf(field)['jsonPath'])} any more`])),
    ...narrowings(before.schema, next.schema).map(({ what }) => what),
  ];
};

/** Without a webhook, what is stored as another version loses the fields that this one has not. */
const storageLosses = (from: DefinitionSpec, to: DefinitionSpec): readonly string[] => {
  const [was, is] = [storageOf(from), storageOf(to)];
  if (was === undefined || is === undefined || was.name === is.name) return [];
  const back = compareVersions(is.name, was.name) < 0 && versionsOf(to).some(({ name }) => name === was.name);
  return [
    ...(back ? [`objects would be stored as ${is.name} again, and not as ${was.name}`] : []),
    ...(strategyOf(to) === 'Webhook'
      ? []
      : narrowings(was.schema, is.schema)
          .filter(({ isLoss }) => isLoss)
          .map(({ what }) => `objects of version ${was.name} would be stored as ${is.name} without conversion: ${what}`)),
  ];
};

const storageOf = (spec: DefinitionSpec): DefinitionVersion | undefined => versionsOf(spec).find(({ storage }) => storage);

/** Kubernetes' order of versions: v2, v1, v2beta1, v1alpha3, then all others. */
const compareVersions = (one: string, other: string): number => rankOf(one) - rankOf(other);

const rankOf = (version: string): number => {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return 0;
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return stability * 1e6 + Number(match[1]) * 1e3 + Number(match[3] ?? 0);
};
