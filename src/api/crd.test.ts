import { describe, expect, it } from 'vitest';
import { ChartReleaseSpec, ChartReleaseStatus } from './chart-release.ts';
import { chartReleaseCrd } from './crd.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Keywords of a structural schema (apiextensions.k8s.io/v1, JSONSchemaProps) that this project may use. */
const KEYWORDS = new Set([
  ...['type', 'description', 'default', 'enum', 'format', 'pattern', 'required', 'properties', 'items'],
  ...['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'],
  ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-validations'],
]);

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);

const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<string | number, unknown>>)[key] : undefined), value);

/** Every schema within one, by its path. */
const schemasOf = (schema: unknown, path = '$'): readonly (readonly [string, Schema])[] => {
  if (!isSchema(schema)) return [];
  const properties = isSchema(schema['properties']) ? Object.entries(schema['properties']) : [];
  return [[path, schema], ...properties.flatMap(([name, property]) => schemasOf(property, `${path}.${name}`)), ...schemasOf(schema['items'], `${path}[]`)];
};

const crd = chartReleaseCrd();
const version = at(crd, 'spec', 'versions', 0);
const root = at(version, 'schema', 'openAPIV3Schema');
const spec = at(root, 'properties', 'spec', 'properties');
const status = at(root, 'properties', 'status', 'properties');

describe('the schema of the CRD', () => {
  it.each(schemasOf(root))('at %s is structural', (_path, schema) => {
    expect(Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword))).toEqual([]);
    expect(schema['type']).toMatch(/^(object|array|string|integer|boolean)$/);
    if (schema['type'] === 'array') expect(schema['items']).toBeDefined();
    if (schema['type'] === 'object' && schema !== at(root, 'properties', 'metadata')) {
      expect(schema['properties'] !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true).toBe(true);
    }
  });

  it('has every field of the spec and of the status, and no other', () => {
    expect(Object.keys(spec ?? {})).toEqual(Object.keys(ChartReleaseSpec.properties));
    expect(Object.keys(status ?? {})).toEqual(Object.keys(ChartReleaseStatus.properties));
  });

  it.each(Object.keys(ChartReleaseSpec.properties))('says what spec.%s means', (field) => {
    expect(at(spec, field, 'description')).toMatch(/\.$/);
  });

  it('has a default for everything that the operator relies on', () => {
    const defaults = schemasOf(at(root, 'properties', 'spec'), 'spec').flatMap(([path, schema]) => (schema['default'] === undefined ? [] : [[path, schema['default']]]));
    expect(Object.fromEntries(defaults)).toEqual({
      'spec.interval': '1m',
      'spec.skipSchemaValidation': false,
      'spec.suspend': false,
      'spec.wait': true,
      'spec.waitForJobs': true,
      'spec.timeout': '5m',
      'spec.createNamespace': false,
      'spec.install': {},
      'spec.install.crds': 'Create',
      'spec.upgrade': {},
      'spec.upgrade.crds': 'CreateReplace',
      'spec.force': false,
      'spec.adopt': false,
      'spec.drift': { mode: 'Warn' },
      'spec.drift.mode': 'Warn',
      'spec.deletionPolicy': 'Uninstall',
      'spec.historyLimit': 10,
    });
  });

  it('asks people for the chart alone', () => {
    expect(at(root, 'required')).toEqual(['spec']);
    expect(at(root, 'properties', 'spec', 'required')).toEqual(['chart']);
    expect(at(root, 'properties', 'status', 'required')).toBeUndefined();
  });

  it('takes values as they are', () => {
    expect(at(spec, 'values')).toMatchObject({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
  });

  it('has conditions as a map by type', () => {
    expect(at(status, 'conditions')).toMatchObject({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
    expect(at(status, 'conditions', 'items', 'required')).toContain('type');
  });

  it('tells in each rule what is wrong', () => {
    expect(at(root, 'x-kubernetes-validations')).toEqual(expect.arrayContaining([{ rule: expect.stringContaining('self.'), message: expect.stringMatching(/.{20}/) }]));
  });
});

describe('the durations of the spec', () => {
  const pattern = new RegExp(String(at(spec, 'timeout', 'pattern')));
  it.each(['10s', '1m30s', '1.5h', '500ms'])('may be %s', (text) => {
    expect(text).toMatch(pattern);
  });
  it.each(['', '10', '1d', '-5m', '5 m'])('may not be %j', (text) => {
    expect(text).not.toMatch(pattern);
  });
});

describe('the CRD', () => {
  it('is named as the API server wants it', () => {
    expect(crd).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'chartreleases.tagalong.dev' },
      spec: { group: 'tagalong.dev', scope: 'Namespaced', names: { kind: 'ChartRelease', plural: 'chartreleases', shortNames: ['crel'], categories: ['all', 'tagalong'] } },
    });
  });

  it('has one version, served and stored, with a status of its own', () => {
    expect(at(crd, 'spec', 'versions')).toHaveLength(1);
    expect(version).toMatchObject({ name: 'v1beta1', served: true, storage: true, subresources: { status: {} } });
  });

  it('prints columns from fields that there are', () => {
    const columns = at(version, 'additionalPrinterColumns') as readonly { readonly name: string; readonly jsonPath: string; readonly priority?: number }[];
    expect(columns.filter(({ priority }) => priority === undefined).map(({ name }) => name)).toEqual(['Chart', 'Version', 'Revision', 'Ready', 'Status', 'Age']);
    const known = new Set(schemasOf(root, '').map(([path]) => path));
    const paths = columns.map(({ jsonPath }) => jsonPath.replace(/\[\?.*?\]/, '[]')).filter((path) => !path.startsWith('.metadata.'));
    expect(paths.filter((path) => !known.has(path))).toEqual([]);
  });
});
