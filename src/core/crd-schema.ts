import { fieldsOf, isFields, listOf } from './parsed-json.ts';
import { canonicalJson } from './values.ts';

/** A structural schema of apiextensions.k8s.io/v1, as parsed JSON. */
export type Schema = Readonly<Record<string, unknown>>;

/** What an object that one schema allows loses, or is refused for, under another one. */
export interface Narrowing {
  /** `.spec.size: it would be removed`. */
  readonly what: string;
  /** Objects that are stored lose something; else they stay, and are refused when somebody writes them again. */
  readonly isLoss: boolean;
}

/** Everything in which `to` allows less than `from`; none where every object that `from` allows stays as it is. */
export const narrowings = (from: Schema, to: Schema, at = ''): readonly Narrowing[] => {
  const here = (isLoss: boolean, ...whats: readonly string[]): readonly Narrowing[] => whats.map((what) => ({ what: `${at === '' ? '.' : at}: ${what}`, isLoss }));
  const type = typeChange(from, to);
  if (type !== undefined) return here(true, type);
  return [
    ...here(true, ...openness(from, to)),
    ...here(false, ...values(from, to), ...bounds(from, to), ...requirements(from, to), ...rules(from, to), ...junctors(from, to), ...lists(from, to)),
    ...membersOf(from, to, at),
    ...(isFields(from['items']) && isFields(to['items']) ? narrowings(from['items'], to['items'], `${at}[]`) : []),
  ];
};

const isOpen = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

const isIntOrString = (schema: Schema): boolean => schema['x-kubernetes-int-or-string'] === true;

/** Without a type, a schema takes anything, or an integer or a string. */
const typeChange = (from: Schema, to: Schema): string | undefined => {
  const [was, is] = [typeOf(from), typeOf(to)];
  if (was === is || is === ANY) return undefined;
  if (is === EITHER && (was === 'integer' || was === 'string')) return undefined;
  if (is === 'number' && was === 'integer') return undefined;
  return `its type would change from ${was} to ${is}`;
};

const ANY = 'anything';
const EITHER = 'integer or string';

const typeOf = (schema: Schema): string => {
  if (isIntOrString(schema)) return EITHER;
  return typeof schema['type'] === 'string' && schema['type'] !== '' ? schema['type'] : ANY;
};

const openness = (from: Schema, to: Schema): readonly string[] => [
  ...(isOpen(from) && !isOpen(to) ? ['fields that the schema does not name would be removed (x-kubernetes-preserve-unknown-fields)'] : []),
  ...(to['x-kubernetes-embedded-resource'] === true && from['x-kubernetes-embedded-resource'] !== true
    ? ['it would have to be a whole object (x-kubernetes-embedded-resource)']
    : []),
];

const values = (from: Schema, to: Schema): readonly string[] => {
  const whats: string[] = [];
  if (from['nullable'] === true && to['nullable'] !== true) whats.push('it could be null no more');
  if (Array.isArray(to['enum'])) {
    const allowed = new Set(to['enum'].map(canonicalJson));
    const gone = listOf(from['enum']).filter((value) => !allowed.has(canonicalJson(value)));
    if (!Array.isArray(from['enum'])) whats.push('it would have to be one of an enum');
    else if (gone.length > 0) whats.push(`its enum would lose ${gone.map(canonicalJson).join(', ')}`);
  }
  if (isNews(from, to, 'pattern')) whats.push(`it would have to match ${String(to['pattern'])}`);
  if (isNews(from, to, 'format') && !UNCHECKED.has(to['format'])) whats.push(`it would have to have the format ${String(to['format'])}`);
  const step = numberOf(to['multipleOf']);
  if (step !== undefined && step !== 0 && !Number.isInteger((numberOf(from['multipleOf']) ?? Number.NaN) / step)) whats.push(`it would have to be a multiple of ${step}`);
  if (to['uniqueItems'] === true && from['uniqueItems'] !== true) whats.push('its elements would have to be unique');
  return whats;
};

const isNews = (from: Schema, to: Schema, keyword: string): boolean => typeof to[keyword] === 'string' && to[keyword] !== '' && to[keyword] !== from[keyword];

/** What every number has anyhow, or nobody checks. */
const UNCHECKED: ReadonlySet<unknown> = new Set(['int64', 'double', 'password']);

const bounds = (from: Schema, to: Schema): readonly string[] => [
  ...['maxLength', 'maxItems', 'maxProperties'].flatMap((keyword) => {
    const is = numberOf(to[keyword]);
    return is !== undefined && is < (numberOf(from[keyword]) ?? Number.POSITIVE_INFINITY) ? [`${keyword} would be ${is}`] : [];
  }),
  ...['minLength', 'minItems', 'minProperties'].flatMap((keyword) => {
    const is = numberOf(to[keyword]);
    return is !== undefined && is > (numberOf(from[keyword]) ?? 0) ? [`${keyword} would be ${is}`] : [];
  }),
  ...limit(from, to, { keyword: 'maximum', exclusive: 'exclusiveMaximum', sign: 1 }),
  ...limit(from, to, { keyword: 'minimum', exclusive: 'exclusiveMinimum', sign: -1 }),
];

const limit = (from: Schema, to: Schema, { keyword, exclusive, sign }: { readonly keyword: string; readonly exclusive: string; readonly sign: 1 | -1 }): readonly string[] => {
  const [was, is] = [numberOf(from[keyword]), numberOf(to[keyword])];
  if (is === undefined) return [];
  const isStricter = was === undefined || is * sign < was * sign || (is === was && to[exclusive] === true && from[exclusive] !== true);
  return isStricter ? [`${keyword} would be ${is}${to[exclusive] === true ? ', that value excluded' : ''}`] : [];
};

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** What has a default need not be given. */
const requirements = (from: Schema, to: Schema): readonly string[] => {
  const before = new Set(neededIn(from));
  return neededIn(to)
    .filter((name) => !before.has(name))
    .map((name) => `${name} would be required`);
};

const neededIn = (schema: Schema): readonly string[] => {
  const properties = fieldsOf(schema['properties']);
  return listOf(schema['required'])
    .filter((name) => typeof name === 'string')
    .filter((name) => fieldsOf(properties[name])['default'] === undefined);
};

const rules = (from: Schema, to: Schema): readonly string[] => {
  const before = new Set(listOf(from['x-kubernetes-validations']).map(ruleIn));
  return listOf(to['x-kubernetes-validations'])
    .map(ruleIn)
    .filter((rule) => !before.has(rule))
    .map((rule) => `a rule would be added: ${rule}`);
};

const ruleIn = (validation: unknown): string => String(fieldsOf(validation)['rule']);

/** Of nested conditions only this much is certain: the same ones allow the same, fewer in allOf and more in anyOf allow more. */
const junctors = (from: Schema, to: Schema): readonly string[] => {
  const has = (schema: Schema, keyword: string) => new Set(listOf(schema[keyword]).map(canonicalJson));
  const whats: string[] = [];
  if ([...has(to, 'allOf')].some((one) => !has(from, 'allOf').has(one))) whats.push('allOf would have another condition');
  if (has(to, 'anyOf').size > 0 && (has(from, 'anyOf').size === 0 || [...has(from, 'anyOf')].some((one) => !has(to, 'anyOf').has(one)))) whats.push('anyOf would allow less');
  if (has(to, 'oneOf').size > 0 && canonicalJson(to['oneOf']) !== canonicalJson(from['oneOf'])) whats.push('oneOf would be another');
  if (isFields(to['not']) && canonicalJson(to['not']) !== canonicalJson(from['not'] ?? null)) whats.push('not would be another');
  return whats;
};

/** Elements of a set, or keys of a map, must be unique. */
const lists = (from: Schema, to: Schema): readonly string[] => {
  const is = to['x-kubernetes-list-type'];
  if (is !== 'set' && is !== 'map') return [];
  if (from['x-kubernetes-list-type'] !== is) return [`its elements would have to be unique (x-kubernetes-list-type: ${is})`];
  const [was, now] = [from, to].map((schema) => canonicalJson(schema['x-kubernetes-list-map-keys'] ?? null));
  return is === 'map' && was !== now ? [`its elements would be told apart by other keys: ${now}`] : [];
};

const membersOf = (from: Schema, to: Schema, at: string): readonly Narrowing[] => {
  const [was, is] = [fieldsOf(from['properties']), fieldsOf(to['properties'])];
  const rest = restOf(to);
  const kept = Object.keys(was).flatMap((name) => {
    const [before, after] = [fieldsOf(was[name]), is[name]];
    if (isFields(after)) return narrowings(before, after, `${at}.${name}`);
    if (isFields(rest)) return narrowings(before, rest, `${at}.${name}`);
    return rest === 'Any' || isImplied(name, from, at) ? [] : [{ what: `${at}.${name}: it would be removed`, isLoss: true }];
  });
  return [...kept, ...restMembers(from, to, at)];
};

/** Schema of the members that are not named, or whether there may be any. */
const restOf = (schema: Schema): Schema | 'Any' | 'None' => {
  const rest = schema['additionalProperties'];
  if (isFields(rest)) return rest;
  return rest === true || isOpen(schema) || typeOf(schema) === ANY ? 'Any' : 'None';
};

/** What could have any name before. */
const restMembers = (from: Schema, to: Schema, at: string): readonly Narrowing[] => {
  const [was, is] = [restOf(from), restOf(to)];
  if (was === 'None') return [];
  const named = Object.entries(fieldsOf(to['properties'])).filter(([name]) => fieldsOf(from['properties'])[name] === undefined && !isImplied(name, from, at));
  const narrowed = named.flatMap(([name, schema]) => narrowings(was === 'Any' ? {} : was, fieldsOf(schema), `${at}.${name}`));
  if (is === 'Any') return narrowed;
  if (isFields(is)) return [...narrowed, ...narrowings(was === 'Any' ? {} : was, is, `${at}.*`)];
  return isOpen(from) ? narrowed : [...narrowed, { what: `${at}.*: members of any name would be removed`, isLoss: true }];
};

/** The API server knows these of every object, whether its schema names them or not. */
const isImplied = (name: string, parent: Schema, at: string): boolean =>
  ['apiVersion', 'kind', 'metadata'].includes(name) && (at === '' || parent['x-kubernetes-embedded-resource'] === true);
