import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

/** A CustomResourceDefinition as these tests read it. */
interface SeenDefinition {
  readonly metadata: {
    readonly uid: string;
    readonly generation: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields: readonly { readonly manager: string }[];
  };
  readonly spec: {
    readonly names: { readonly shortNames?: readonly string[] };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: { readonly properties: { readonly spec: unknown } } } }[];
    readonly conversion: { readonly strategy: string; readonly webhook?: { readonly clientConfig: { readonly caBundle?: string } } };
  };
}

let site: Site;
beforeAll(async () => {
  site = await openSite('crds');
});
afterAll(() => site.close());

const groupOf = (kind: string) => `${kind.toLowerCase()}.${site.namespace}.test`;
const nameOf = (kind: string) => `${kind.toLowerCase()}s.${groupOf(kind)}`;
const pathOf = (kind: string) => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${nameOf(kind)}`;

interface Version {
  readonly name: string;
  readonly served?: boolean;
  readonly storage?: boolean;
  /** Schemas of the fields of spec. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const TEXT = { type: 'string' };
const v1 = (fields: Version['fields']): Version => ({ name: 'v1', storage: true, fields });

const definition = (kind: string, versions: readonly Version[], more: Readonly<Record<string, unknown>> = {}, metadata: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: nameOf(kind), ...metadata },
    spec: {
      group: groupOf(kind),
      scope: 'Namespaced',
      names: { kind, plural: `${kind.toLowerCase()}s` },
      versions: versions.map(({ name, served = true, storage = false, fields }) => ({
        name,
        served,
        storage,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } } },
      })),
      ...more,
    },
  });

const resource = (kind: string, name: string, spec: Readonly<Record<string, unknown>>, version = 'v1'): string =>
  JSON.stringify({ apiVersion: `${groupOf(kind)}/${version}`, kind, metadata: { name }, spec });

const seenDefinition = async (kind: string) => (await site.read(pathOf(kind))) as SeenDefinition | undefined; // the API's own shape
const seenResource = (kind: string, name: string, version = 'v1') => site.read(`/apis/${groupOf(kind)}/${version}/namespaces/${site.namespace}/${kind.toLowerCase()}s/${name}`);
const fieldsOf = (seen: SeenDefinition | undefined) => seen?.spec.versions.map(({ schema }) => schema.openAPIV3Schema.properties.spec);

type Files = Readonly<Record<string, string>>;

const install = async (name: string, files: Files, spec: Readonly<Record<string, unknown>> = {}) => {
  await site.pushSmall(name, 'stable', '1.0.0', files);
  await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
};

const upgrade = async (name: string, version: string, files: Files) => {
  await site.pushSmall(name, 'stable', version, files);
  await site.lookNow(name);
};

describe.concurrent('CustomResourceDefinitions of crds/', () => {
  it('are served before what uses them, the subchart’s too, stay when the release goes, and belong to nobody', async () => {
    await install('first', {
      'crds/gear.yaml': definition('Gear', [v1({ size: TEXT })]),
      'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
      'charts/sub/crds/wheel.yaml': definition('Wheel', [v1({ size: TEXT })]),
      'templates/gear.yaml': resource('Gear', 'one', { size: 'L' }),
      'templates/wheel.yaml': resource('Wheel', 'one', { size: 'L' }),
    });
    await site.ready('first', 1);
    expect(await seenResource('Gear', 'one')).toBeDefined();
    expect(await seenResource('Wheel', 'one')).toBeDefined();
    const { metadata } = (await seenDefinition('Gear')) ?? { metadata: undefined };
    expect(metadata?.annotations).toEqual({ 'tagalong.dev/crd-chart': 'first 1.0.0' });
    expect(metadata?.labels).toBeUndefined();
    await site.remove('first');
    await site.eventually('the release is gone', async () => (await site.seen('first')) === undefined);
    expect(await seenResource('Gear', 'one')).toBeUndefined();
    expect((await seenDefinition('Gear'))?.metadata.uid).toBe(metadata?.uid);
  });

  it('become wider with an upgrade, whose objects use at once what is new', async () => {
    await install('wider', { 'crds/pipe.yaml': definition('Pipe', [v1({ size: TEXT })]), 'templates/pipe.yaml': resource('Pipe', 'one', { size: 'L' }) });
    await site.ready('wider', 1);
    await upgrade('wider', '2.0.0', {
      'crds/pipe.yaml': definition('Pipe', [v1({ size: TEXT, colour: TEXT }), { name: 'v2', fields: { size: TEXT, colour: TEXT } }]),
      'templates/pipe.yaml': resource('Pipe', 'one', { size: 'L', colour: 'red' }, 'v2'),
    });
    await site.ready('wider', 2);
    expect(await seenResource('Pipe', 'one', 'v2')).toMatchObject({ spec: { size: 'L', colour: 'red' } });
    expect((await seenDefinition('Pipe'))?.metadata.annotations).toEqual({ 'tagalong.dev/crd-chart': 'wider 2.0.0' });
    expect(site.operator.log().filter((line) => line.includes('"name":"wider"') && line.includes('ManifestRejected'))).toEqual([]);
  });

  it('are not replaced by narrower ones: what runs stays, and the message says what, where, and what to do', async () => {
    const narrower: Files = { 'crds/valve.yaml': definition('Valve', [v1({ size: { type: 'string', enum: ['S'] } })]) };
    await install('narrow', { 'crds/valve.yaml': definition('Valve', [{ name: 'v1beta1', fields: { size: TEXT } }, v1({ size: TEXT, colour: TEXT })]) });
    await site.ready('narrow', 1);
    const before = await seenDefinition('Valve');
    await upgrade('narrow', '2.0.0', narrower);
    expect(await site.fails('narrow', 'CrdUnsafe')).toBe(
      `CustomResourceDefinition ${nameOf('Valve')} is not replaced by that of narrow 2.0.0 (narrow/crds/valve.yaml): version v1beta1 would be removed, which is served; ` +
        'version v1: .spec.colour: it would be removed; version v1: .spec.size: it would have to be one of an enum. ' +
        'Correct the chart, or replace the definition by hand when nobody needs these any more; spec.upgrade.crds: Create goes on with the one that is there; revision 1 (narrow 1.0.0) keeps running',
    );
    expect(await seenDefinition('Valve')).toEqual(before);
    expect(await site.configMap('narrow')).toMatchObject({ version: '1.0.0' });
    await site.release('narrow', { chart: site.reference('narrow', 'stable'), upgrade: { crds: 'Create' } });
    await site.ready('narrow', 2);
    expect(await seenDefinition('Valve')).toEqual(before);
  });

  it('keep a version that objects may be stored as, though nobody stores them so any more', async () => {
    const beta: Version = { name: 'v1beta1', fields: { size: TEXT } };
    await install('stored', { 'crds/crank.yaml': definition('Crank', [{ ...beta, storage: true }]) });
    await site.ready('stored', 1);
    await upgrade('stored', '2.0.0', { 'crds/crank.yaml': definition('Crank', [{ ...beta, served: true }, v1({ size: TEXT })]) });
    await site.ready('stored', 2);
    await upgrade('stored', '3.0.0', { 'crds/crank.yaml': definition('Crank', [v1({ size: TEXT })]) });
    expect(await site.fails('stored', 'CrdUnsafe')).toContain('version v1beta1 would be removed, which objects are stored as (status.storedVersions)');
  });

  it('may be replaced by hand, after which the upgrade goes on', async () => {
    await install('byhand', { 'crds/lever.yaml': definition('Lever', [v1({ size: TEXT, colour: TEXT })]) });
    await site.ready('byhand', 1);
    const narrower = definition('Lever', [v1({ size: TEXT })]);
    await upgrade('byhand', '2.0.0', { 'crds/lever.yaml': narrower });
    await site.fails('byhand', 'CrdUnsafe');
    await site.kubectl(['replace', '-f', '-'], narrower);
    await site.lookNow('byhand');
    await site.ready('byhand', 2);
  });

  it('are shared in peace by releases of several versions of a chart', async () => {
    const old: Files = {
      'crds/bolt.yaml': definition('Bolt', [v1({ size: { ...TEXT, default: 'S' } })]),
      'templates/bolt.yaml': resource('Bolt', '{{ .Release.Name }}', { size: 'L' }),
    };
    const next: Files = {
      ...old,
      'crds/bolt.yaml': definition('Bolt', [v1({ size: { ...TEXT, default: 'M' }, colour: TEXT }), { name: 'v2', fields: { size: TEXT, colour: TEXT } }]),
    };
    await site.pushSmall('bolts', 'old', '1.0.0', old);
    await site.pushSmall('bolts', 'new', '1.0.0', old);
    // Both at once: one makes it, the other finds it.
    await site.release('older', { chart: site.reference('bolts', 'old') });
    await site.release('newer', { chart: site.reference('bolts', 'new') });
    await Promise.all([site.ready('older', 1), site.ready('newer', 1)]);
    await site.pushSmall('bolts', 'new', '2.0.0', next);
    await site.lookNow('newer');
    await site.ready('newer', 2);
    const wide = await seenDefinition('Bolt');
    expect(wide?.metadata.generation).toBe(2);
    await site.release('older', { chart: site.reference('bolts', 'old'), values: { message: 'another' } });
    await site.ready('older', 2);
    await site.pushSmall('bolts', 'old', '1.0.1', old);
    await site.lookNow('older');
    await site.ready('older', 3);
    expect(await seenDefinition('Bolt')).toEqual(wide);
    // A tag that goes back takes nothing away either.
    await site.pushSmall('bolts', 'new', '1.0.2', old);
    await site.lookNow('newer');
    await site.ready('newer', 3);
    expect(await seenDefinition('Bolt')).toEqual(wide);
  });

  it('that stock helm made are replaced as a whole', async () => {
    const strict = { ...TEXT, pattern: '^x', description: 'gone later' };
    const webhook = { conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://registry.invalid/convert' } } } };
    const made = JSON.parse(definition('Cog', [{ name: 'v1alpha1', served: false, fields: { size: TEXT } }, v1({ size: strict })], webhook)) as {
      readonly spec: { readonly names: object };
    }; // made above
    const withShort = JSON.stringify({ ...made, spec: { ...made.spec, names: { ...made.spec.names, shortNames: ['cg'] } } });
    await site.pushSmall('cogs', '1.0.0', '1.0.0', { 'crds/cog.yaml': withShort });
    await site.helm(['install', 'stock', `oci://${site.reference('cogs', '1.0.0').replace(/:[^:]*$/, '')}`, '--version', '1.0.0', '--plain-http']);
    expect((await seenDefinition('Cog'))?.metadata.managedFields.map(({ manager }) => manager)).toContain('helm');
    await site.pushSmall('cogs', '2.0.0', '2.0.0', { 'crds/cog.yaml': definition('Cog', [v1({ size: TEXT, colour: TEXT })]) });
    await site.release('cogs', { chart: site.reference('cogs', '2.0.0'), install: { crds: 'CreateReplace' } });
    await site.ready('cogs', 1);
    const seen = await seenDefinition('Cog');
    expect(fieldsOf(seen)).toEqual([{ type: 'object', properties: { size: TEXT, colour: TEXT } }]);
    expect(seen?.spec.names.shortNames).toBeUndefined();
    expect(seen?.spec.conversion).toEqual({ strategy: 'None' });
  });

  it('keep the CA that was injected, and what others have put on them', async () => {
    const conversion = { conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { service: { namespace: site.namespace, name: 'x' } } } } };
    await install('injected', { 'crds/rope.yaml': definition('Rope', [v1({ size: TEXT })], conversion) });
    await site.ready('injected', 1);
    const ca = Buffer.from(await readFile(site.lab.caFile)).toString('base64');
    const patch = { metadata: { labels: { theirs: 'yes' }, annotations: { theirs: 'yes' } }, spec: { conversion: { webhook: { clientConfig: { caBundle: ca } } } } };
    await site.kubectl(['patch', 'crd', nameOf('Rope'), '--type=merge', '--patch', JSON.stringify(patch)]);
    const injected = await seenDefinition('Rope');
    await upgrade('injected', '1.0.1', { 'crds/rope.yaml': definition('Rope', [v1({ size: TEXT })], conversion), 'templates/more.yaml': '' });
    await site.ready('injected', 2);
    expect(await seenDefinition('Rope')).toEqual(injected);
    await upgrade('injected', '2.0.0', { 'crds/rope.yaml': definition('Rope', [v1({ size: TEXT, colour: TEXT })], conversion) });
    await site.ready('injected', 3);
    const seen = await seenDefinition('Rope');
    expect(fieldsOf(seen)).toEqual([{ type: 'object', properties: { size: TEXT, colour: TEXT } }]);
    expect(seen?.spec.conversion.webhook?.clientConfig.caBundle).toBe(ca);
    expect(seen?.metadata).toMatchObject({ labels: { theirs: 'yes' }, annotations: { theirs: 'yes', 'tagalong.dev/crd-chart': 'injected 2.0.0' } });
  });

  it('are not looked at where the policy is Skip', async () => {
    const files: Files = { 'crds/nail.yaml': definition('Nail', [v1({ size: TEXT })]), 'templates/nail.yaml': resource('Nail', 'one', {}) };
    await install('skipped', files, { install: { crds: 'Skip' } });
    expect(await site.fails('skipped', 'ManifestRejected')).toContain('install its CRD first');
    expect(await seenDefinition('Nail')).toBeUndefined();
  });

  it.each<readonly [string, () => string, string, RegExp]>([
    ['yaml', () => 'kind: [', 'RenderFailed', /cannot read .*crds\/x\.yaml/],
    [
      'kind',
      () => 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
      'ChartInvalid',
      /crds\/x\.yaml has ConfigMap x: in crds\/ there may be CustomResourceDefinitions alone/,
    ],
    [
      'old',
      () => definition('Old', [v1({})]).replace('apiextensions.k8s.io/v1', 'apiextensions.k8s.io/v1beta1'),
      'ManifestRejected',
      /serves no apiextensions\.k8s\.io\/v1beta1 .*crds\/x\.yaml/,
    ],
    ['schema', () => definition('Bad', [v1({ size: { type: 'nothing' } })]), 'ManifestRejected', /openAPIV3Schema.*type.*crds\/x\.yaml/],
  ])('say what is wrong with them: %s', async (what, content, reason, words) => {
    await install(`wrong-${what}`, { 'crds/x.yaml': content() });
    expect(await site.fails(`wrong-${what}`, reason)).toMatch(words);
  });

  it('whose names another one has are named with what the API server says', async () => {
    await install(
      'taken',
      { 'crds/x.yaml': definition('Screw', [v1({})]), 'crds/y.yaml': definition('Screw', [v1({})]).replaceAll('screws', 'others') },
      { install: { crds: 'CreateReplace' } },
    );
    expect(await site.fails('taken', 'CrdNotServed')).toMatch(/is there and is not served: \w+Conflict: .*Screw/);
  });

  it('that are on their way out are waited for', async () => {
    await site.kubectl(['apply', '-f', '-'], definition('Spring', [v1({})], {}, { finalizers: ['example.com/hold'] }));
    await site.kubectl(['delete', 'crd', nameOf('Spring'), '--wait=false']);
    await install(
      'waiting',
      { 'crds/spring.yaml': definition('Spring', [v1({})]), 'templates/spring.yaml': resource('Spring', 'one', {}) },
      { install: { crds: 'CreateReplace' } },
    );
    await site.reaches('waiting', 'waiting for the definition to go', (status) =>
      (conditionIn(status, 'Ready')?.message ?? '').includes(`CustomResourceDefinition ${nameOf('Spring')} to be gone: it is being deleted`),
    );
    await site.kubectl(['patch', 'crd', nameOf('Spring'), '--type=merge', '--patch', '{"metadata":{"finalizers":null}}']);
    await site.lookNow('waiting');
    await site.ready('waiting', 1);
    expect(await seenResource('Spring', 'one')).toBeDefined();
  });
});
