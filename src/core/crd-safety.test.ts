import { describe, expect, it } from 'vitest';
import { type DefinitionSpec, lossesOf } from './crd-safety.ts';

const TEXT = { type: 'string' };
const CRD_NAMES = { kind: 'Widget', plural: 'widgets' };

interface VersionShape {
  readonly served?: boolean;
  readonly storage?: boolean;
  readonly fields?: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
}

const version = (name: string, { served = true, storage = false, fields = ['size'], more = {} }: VersionShape = {}) => ({
  name,
  served,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: Object.fromEntries(fields.map((field) => [field, TEXT])) } } } },
  ...more,
});

const stored = (name: string, shape: VersionShape = {}) => version(name, { storage: true, ...shape });

const spec = (versions: readonly unknown[], more: DefinitionSpec = {}): DefinitionSpec => ({ group: 'example.com', scope: 'Namespaced', names: CRD_NAMES, versions, ...more });

const WEBHOOK = { conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://x' }, conversionReviewVersions: ['v1'] } } };

describe('a definition loses', () => {
  it.each<readonly [string, DefinitionSpec, DefinitionSpec, readonly string[], string]>([
    ['a version that is served', spec([version('v1alpha1'), stored('v1')]), spec([stored('v1')]), ['v1'], 'version v1alpha1 would be removed, which is served'],
    [
      'a version that objects are stored as',
      spec([version('v1alpha1', { served: false }), stored('v1')]),
      spec([stored('v1')]),
      ['v1alpha1', 'v1'],
      'version v1alpha1 would be removed, which objects are stored as (status.storedVersions)',
    ],
    [
      'a version that is served no more',
      spec([version('v1alpha1'), stored('v1')]),
      spec([version('v1alpha1', { served: false }), stored('v1')]),
      ['v1'],
      'version v1alpha1 would be served no more',
    ],
    [
      'a field of one of its versions',
      spec([version('v1beta1', { fields: ['size', 'colour'] }), stored('v1')]),
      spec([version('v1beta1'), stored('v1')]),
      ['v1'],
      'version v1beta1: .spec.colour: it would be removed',
    ],
    [
      'a field of a version that is only stored',
      spec([version('v1beta1', { served: false, fields: ['size', 'colour'] }), stored('v1')]),
      spec([version('v1beta1', { served: false }), stored('v1')]),
      ['v1beta1', 'v1'],
      'version v1beta1: .spec.colour: it would be removed',
    ],
    [
      'the subresource that status is written by',
      spec([stored('v1', { more: { subresources: { status: {}, scale: {} } } })]),
      spec([stored('v1', { more: { subresources: { scale: {} } } })]),
      ['v1'],
      'version v1: its subresource status would be removed',
    ],
    [
      'a field to select by',
      spec([stored('v1', { more: { selectableFields: [{ jsonPath: '.spec.size' }] } })]),
      spec([stored('v1')]),
      ['v1'],
      'version v1: objects could not be selected by .spec.size any more',
    ],
    ['its scope', spec([stored('v1')]), spec([stored('v1')], { scope: 'Cluster' }), ['v1'], 'its scope would change from Namespaced to Cluster'],
    [
      'its kind',
      spec([stored('v1')]),
      spec([stored('v1')], { names: { ...CRD_NAMES, kind: 'Gadget', singular: 'widget', listKind: 'WidgetList' } }),
      ['v1'],
      'names.kind would change from Widget to Gadget',
    ],
    [
      'the fields that no schema names',
      spec([stored('v1')], { preserveUnknownFields: true }),
      spec([stored('v1')]),
      ['v1'],
      'fields that the schemas do not name would be removed (preserveUnknownFields)',
    ],
    [
      'the webhook that converts',
      spec([version('v1'), stored('v2')], WEBHOOK),
      spec([version('v1'), stored('v2')]),
      ['v2'],
      'objects would be converted between versions by no webhook any more',
    ],
    [
      'the newer version that objects are stored as',
      spec([version('v1'), stored('v2')]),
      spec([stored('v1'), version('v2')]),
      ['v1', 'v2'],
      'objects would be stored as v1 again, and not as v2',
    ],
    [
      'fields that the version to be stored has not',
      spec([stored('v1', { fields: ['size', 'colour'] })]),
      spec([version('v1', { fields: ['size', 'colour'] }), stored('v2')]),
      ['v1'],
      'objects of version v1 would be stored as v2 without conversion: .spec.colour: it would be removed',
    ],
  ])('%s', (_name, from, to, versions, loss) => {
    expect(lossesOf(from, to, versions)).toEqual([loss]);
  });
});

describe('a definition loses nothing', () => {
  it.each<readonly [string, DefinitionSpec, DefinitionSpec, readonly string[]]>([
    ['when it is the same', spec([stored('v1')]), spec([stored('v1')]), ['v1']],
    ['by a version more', spec([stored('v1')]), spec([version('v1'), stored('v2')]), ['v1']],
    ['by a version that is served now', spec([version('v1beta1', { served: false }), stored('v1')]), spec([version('v1beta1'), stored('v1')]), ['v1']],
    ['by a version that is neither served nor stored', spec([version('v1alpha1', { served: false }), stored('v1')]), spec([stored('v1')]), ['v1']],
    ['by a field more', spec([stored('v1')]), spec([stored('v1', { fields: ['size', 'colour'] })]), ['v1']],
    [
      'by a narrower schema of a version that nobody has',
      spec([version('v1alpha1', { served: false, fields: ['a'] }), stored('v1')]),
      spec([version('v1alpha1', { served: false }), stored('v1')]),
      ['v1'],
    ],
    ['by names that the API server would fill in', spec([stored('v1')]), spec([stored('v1')], { names: { ...CRD_NAMES, singular: 'widget', listKind: 'WidgetList' } }), ['v1']],
    [
      'by short names, categories and columns',
      spec([stored('v1', { more: { additionalPrinterColumns: [{ name: 'A' }] } })], { names: { ...CRD_NAMES, shortNames: ['w'] } }),
      spec([stored('v1')]),
      ['v1'],
    ],
    ['by a webhook that converts', spec([stored('v1')]), spec([version('v1'), stored('v2', { fields: [] })], WEBHOOK), ['v1']],
    ['by a webhook less where there is one version', spec([stored('v1')], WEBHOOK), spec([stored('v1')]), ['v1']],
    ['by a subresource', spec([stored('v1')]), spec([stored('v1', { more: { subresources: { status: {} } } })]), ['v1']],
    ['by storing a stable version after a beta', spec([stored('v2beta1'), version('v1')]), spec([version('v2beta1'), stored('v1')]), ['v2beta1']],
    ['by a wider version to be stored', spec([stored('v1')]), spec([version('v1'), stored('v2', { fields: ['size', 'colour'] })]), ['v1']],
  ])('%s', (_name, from, to, versions) => {
    expect(lossesOf(from, to, versions)).toEqual([]);
  });
});
