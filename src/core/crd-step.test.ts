import { describe, expect, it } from 'vitest';
import { changedAtOf, decideDefinition, type Definition, obstacleOf, withNote } from './crd-step.ts';

const NOTE = 'tagalong.dev/crd-chart';

const schema = (fields: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: Object.fromEntries(fields.map((field) => [field, { type: 'string', ...more }])) } } },
});

interface Shape {
  readonly fields?: readonly string[];
  /** Of each field. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly conversion?: Readonly<Record<string, unknown>>;
}

const definition = ({ fields = ['size'], more, metadata = {}, conversion }: Shape = {}): Definition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com', ...metadata },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [{ name: 'v1', served: true, storage: true, schema: schema(fields, more) }],
    ...(conversion !== undefined && { conversion }),
  },
});

/** As the API server has it: with what it fills in. */
const inCluster = (shape: Shape & { readonly by?: string } = {}): Definition => {
  const made = definition(shape);
  const spec = made['spec'] as Definition; // made above
  return {
    ...made,
    metadata: { ...(made['metadata'] as Definition), uid: 'u', resourceVersion: '7', managedFields: [{}], ...(shape.by !== undefined && { annotations: { [NOTE]: shape.by } }) },
    spec: { ...spec, names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' }, conversion: shape.conversion ?? { strategy: 'None' } },
    status: { storedVersions: ['v1'], conditions: [] },
  };
};

const CHART = { name: 'app', version: '2.0.0' };
const decideFor = (live: Definition, shape: Shape, before?: { readonly name: string; readonly version: string }) =>
  decideDefinition({ live, wanted: JSON.stringify(definition(shape)), chart: CHART, before });

describe('decideDefinition', () => {
  it.each<readonly [string, Definition, Shape, string]>([
    ['leaves what is the same', inCluster(), {}, 'Leave'],
    ['leaves what is the same, whoever wrote it', inCluster({ by: 'app 1.0.0' }), {}, 'Leave'],
    ['replaces its own by a wider one', inCluster({ by: 'app 1.0.0' }), { fields: ['size', 'colour'] }, 'Replace'],
    ['replaces its own where only a default is another', inCluster({ by: 'app 1.0.0' }), { more: { default: 'x' } }, 'Replace'],
    ['replaces its own of the same version: the tag has moved', inCluster({ by: 'app 2.0.0' }), { fields: ['size', 'colour'] }, 'Replace'],
    ['stops at a narrower one', inCluster({ by: 'app 1.0.0', fields: ['size', 'colour'] }), {}, 'Unsafe'],
    ['stops at a narrower one where nobody knows who wrote it', inCluster({ fields: ['size', 'colour'] }), {}, 'Unsafe'],
    ['replaces by a wider one what nobody knows of', inCluster(), { fields: ['size', 'colour'] }, 'Replace'],
    ['leaves what a newer version of the chart made wider', inCluster({ by: 'app 2.1.0', fields: ['size', 'colour'] }), {}, 'Leave'],
    ['leaves what a newer version of the chart gave another default', inCluster({ by: 'app 2.1.0' }), { more: { default: 'x' } }, 'Leave'],
    ['makes wider what a newer version of the chart made too narrow', inCluster({ by: 'app 2.1.0' }), { fields: ['size', 'colour'] }, 'Replace'],
    ['stops where each has something that the other lacks', inCluster({ by: 'app 2.1.0', fields: ['size', 'weight'] }), { fields: ['size', 'colour'] }, 'Unsafe'],
    ['leaves the wider one of another chart', inCluster({ by: 'other 1.0.0', fields: ['size', 'colour'] }), {}, 'Leave'],
    ['makes the one of another chart wider', inCluster({ by: 'other 9.0.0' }), { fields: ['size', 'colour'] }, 'Replace'],
  ])('%s', (_name, live, shape, kind) => {
    expect(decideFor(live, shape).kind).toBe(kind);
  });

  it.each([
    ['a newer version of the chart, which the release goes back from', { name: 'app', version: '3.0.0' }, 'Leave'],
    ['an older version of the chart', { name: 'app', version: '1.0.0' }, 'Unsafe'],
    ['another chart', { name: 'other', version: '1.0.0' }, 'Leave'],
  ])('takes what has no note for that of the chart that ran until now: %s', (_name, before, kind) => {
    expect(decideFor(inCluster({ fields: ['size', 'colour'] }), {}, before).kind).toBe(kind);
  });

  it('says what would be lost', () => {
    expect(decideFor(inCluster({ by: 'app 1.0.0', fields: ['size', 'colour', 'weight'] }), {})).toEqual({
      kind: 'Unsafe',
      losses: ['version v1: .spec.colour: it would be removed', 'version v1: .spec.weight: it would be removed'],
    });
  });

  const written = (live: Definition, shape: Shape) => {
    const step = decideFor(live, { fields: ['size', 'colour'], ...shape });
    return step.kind === 'Replace' ? (JSON.parse(step.json) as { readonly metadata: Definition; readonly spec: Definition; readonly status?: unknown }) : undefined; // as it was made
  };

  it("writes the chart's definition with what others have put on the one that is there", () => {
    const live = inCluster({ by: 'app 1.0.0' });
    const metadata = { ...(live['metadata'] as Definition), labels: { a: 'theirs', c: 'theirs' }, annotations: { [NOTE]: 'app 1.0.0', x: 'theirs' }, finalizers: ['f'] };
    const json = written({ ...live, metadata }, { metadata: { labels: { a: 'ours', b: 'ours' }, annotations: { y: 'ours' } } });
    expect(json?.metadata).toEqual({
      name: 'widgets.example.com',
      uid: 'u',
      resourceVersion: '7',
      finalizers: ['f'],
      labels: { a: 'ours', b: 'ours', c: 'theirs' },
      annotations: { [NOTE]: 'app 2.0.0', x: 'theirs', y: 'ours' },
    });
    expect(json?.status).toBeUndefined();
    expect(json?.spec['names']).toEqual({ kind: 'Widget', plural: 'widgets' });
  });

  const webhook = (clientConfig: Readonly<Record<string, unknown>>) => ({ strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } });
  const service = { namespace: 'n', name: 's' };
  const caIn = (spec: Definition | undefined) => (spec?.['conversion'] as ReturnType<typeof webhook> | undefined)?.webhook.clientConfig['caBundle']; // as it was made

  it.each([
    ['keeps the CA that somebody injected', { service }, {}, 'injected'],
    ['takes the CA that the chart has', { service, caBundle: 'chart' }, {}, 'chart'],
    [
      'keeps the CA that cert-manager injects, whatever the chart has in its place',
      { service, caBundle: 'Cg==' },
      { annotations: { 'cert-manager.io/inject-ca-from': 'n/c' } },
      'injected',
    ],
  ])('%s', (_name, clientConfig, metadata, ca) => {
    const live = inCluster({ by: 'app 1.0.0', conversion: webhook({ service: { ...service, port: 443 }, caBundle: 'injected' }) });
    expect(caIn(written(live, { metadata, conversion: webhook(clientConfig) })?.spec)).toBe(ca);
  });

  it('leaves what is the same but for the CA that was injected', () => {
    const live = inCluster({ by: 'app 1.0.0', conversion: webhook({ service: { ...service, port: 443 }, caBundle: 'injected' }) });
    expect(decideFor(live, { conversion: webhook({ service }) })).toEqual({ kind: 'Leave' });
  });

  it('carries every digit', () => {
    const wanted = JSON.stringify(definition({ fields: ['size', 'colour'] })).replace('"colour":{', '"colour":{"default":"x","maximum":9223372036854775807,');
    const step = decideDefinition({ live: inCluster(), wanted, chart: CHART, before: undefined });
    expect(step.kind === 'Replace' && step.json).toContain('9223372036854775807');
  });
});

describe('withNote', () => {
  it('says which chart wrote a definition', () => {
    expect(JSON.parse(withNote(JSON.stringify(definition({ metadata: { annotations: { a: 'b' } } })), CHART))).toMatchObject({
      metadata: { name: 'widgets.example.com', annotations: { a: 'b', [NOTE]: 'app 2.0.0' } },
    });
  });
});

describe('obstacleOf', () => {
  const condition = (type: string, status: string) => ({ type, status, reason: 'Why', message: 'the words' });
  it.each<readonly [string, Definition, ReturnType<typeof obstacleOf>]>([
    ['one that is new', { metadata: {}, status: {} }, { isFinal: false, message: 'to be established' }],
    ['one that is established', { metadata: {}, status: { conditions: [condition('NamesAccepted', 'True'), condition('Established', 'True')] } }, undefined],
    ['one whose names another one has', { metadata: {}, status: { conditions: [condition('NamesAccepted', 'False')] } }, { isFinal: true, message: 'Why: the words' }],
    ['one that is being deleted', { metadata: { deletionTimestamp: 't' }, status: {} }, { isFinal: false, message: 'to be gone: it is being deleted' }],
  ])('of %s', (_name, live, obstacle) => {
    expect(obstacleOf(live)).toEqual(obstacle);
  });
});

describe('changedAtOf', () => {
  const at = (second: number) => `2026-01-01T00:00:0${second}Z`;
  it.each<readonly [string, Readonly<Record<string, unknown>>, number]>([
    ['one that was made', { creationTimestamp: at(1) }, 1],
    ['one that somebody wrote to', { creationTimestamp: at(1), managedFields: [{ time: at(2) }, { time: at(3) }, {}] }, 3],
    ['one that was deleted', { creationTimestamp: at(1), deletionTimestamp: at(5), managedFields: [{ time: at(2) }] }, 5],
  ])('says when something was written: %s', (_name, metadata, second) => {
    expect(changedAtOf({ metadata })).toBe(Date.parse(at(second)));
  });

  it('has the beginning of time for one that says nothing', () => {
    expect(changedAtOf({})).toBe(0);
  });
});
