import { describe, expect, it } from 'vitest';
import { chartFormat } from './chart-format.ts';
import { readManifest } from './manifest.ts';
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  HELM_CONFIG,
  HELM_CONTENT,
  HELM_CONTENT_ALPHA,
  HELM_CONTENT_EXPERIMENTAL,
  HELM_META_ALPHA,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-types.ts';

const descriptor = (mediaType: string, more: object = {}): object => ({ mediaType, digest: `sha256:${'a'.repeat(64)}`, size: 3, ...more });
const manifest = (layers: readonly unknown[], more: object = {}): object => ({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor(HELM_CONFIG), layers, ...more });
const read = (document: unknown, contentType: string | undefined = OCI_MANIFEST) => {
  const reading = readManifest(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), contentType);
  return reading.kind === 'Mislabelled' ? reading : chartFormat(reading);
};

const content = descriptor(HELM_CONTENT);
const provenance = descriptor('application/vnd.cncf.helm.chart.provenance.v1.prov');

describe('a manifest', () => {
  it.each<readonly [string, unknown, string | undefined]>([
    ['of Helm 3.7 and later', manifest([content]), OCI_MANIFEST],
    ['with provenance before the chart', manifest([provenance, content]), OCI_MANIFEST],
    ['of experimental Helm', manifest([descriptor(HELM_CONTENT_EXPERIMENTAL)]), OCI_MANIFEST],
    ['with a layer of a type that nobody knows beside the chart', manifest([descriptor('application/vnd.example.sbom'), content]), OCI_MANIFEST],
    ['that is about another one', manifest([content], { subject: descriptor(OCI_MANIFEST) }), OCI_MANIFEST],
    ['with annotations of all kinds', manifest([content], { annotations: { 'org.opencontainers.image.title': 'app', number: 1 } }), OCI_MANIFEST],
    ['with an artifact type', manifest([content], { artifactType: HELM_CONFIG }), OCI_MANIFEST],
    ['with parameters in its Content-Type', manifest([content]), `${OCI_MANIFEST}; charset=utf-8`],
    ['that leaves its type to the Content-Type', manifest([content], { mediaType: undefined }), OCI_MANIFEST],
    ['without a Content-Type', manifest([content]), ''],
    ["in Docker's form", manifest([content], { mediaType: DOCKER_MANIFEST }), DOCKER_MANIFEST],
  ])('%s is read', (_name, document, contentType) => {
    expect(read(document, contentType)).toMatchObject({ kind: 'Archive', content: { size: 3, digest: `sha256:${'a'.repeat(64)}` } });
  });

  it.each([0, 1])('of Helm 3.0.0-alpha is read with name and version of the annotations (%i)', (form) => {
    const annotations = { 'sh.helm.chart.name': 'foo', 'sh.helm.chart.version': '0.1.0' };
    const layers = [descriptor(HELM_META_ALPHA[form] ?? ''), descriptor(HELM_CONTENT_ALPHA[form] ?? '', { annotations })];
    expect(read(manifest(layers))).toMatchObject({ kind: 'Alpha', overrides: { name: 'foo', version: '0.1.0', apiVersion: 'v1' } });
  });

  it.each<readonly [string, unknown, string | undefined, RegExp]>([
    ['an index', { mediaType: OCI_INDEX, manifests: [] }, OCI_INDEX, /an index of images/],
    [
      'an index with one chart in it',
      { mediaType: OCI_INDEX, manifests: [descriptor(OCI_MANIFEST), descriptor(OCI_MANIFEST, { artifactType: HELM_CONFIG })] },
      OCI_INDEX,
      /an index with a Helm chart in it, .* sha256:a{64}$/,
    ],
    ['an index that cannot be read', { mediaType: OCI_INDEX, manifests: [null, { artifactType: HELM_CONFIG }] }, OCI_INDEX, /an index of images/],
    ["Docker's index", { manifests: [] }, DOCKER_INDEX, /an index of images/],
    ['an index that calls itself a manifest', { mediaType: OCI_MANIFEST, manifests: [] }, OCI_MANIFEST, /an index of images/],
    ['both at once', manifest([content], { manifests: [] }), OCI_MANIFEST, /both manifests and layers/],
    [
      'an old Docker manifest',
      { schemaVersion: 1 },
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      /type "application\/vnd.docker.distribution.manifest.v1\+prettyjws"/,
    ],
    [
      'a container image',
      manifest([content], { config: descriptor('application/vnd.oci.image.config.v1+json') }),
      OCI_MANIFEST,
      /another artifact \(config application\/vnd.oci.image.config.v1\+json\)/,
    ],
    [
      'an artifact',
      manifest([content], { config: descriptor('application/vnd.oci.empty.v1+json'), artifactType: 'text/x\nsbom' }),
      OCI_MANIFEST,
      /config .*empty.* artifact type text\/x sbom/,
    ],
    ['a chart without its layer', manifest([provenance]), OCI_MANIFEST, /without a layer that holds a chart/],
    ['two charts', manifest([content, content]), OCI_MANIFEST, /several layers that hold charts/],
    ['an alpha chart without a name', manifest([descriptor(HELM_META_ALPHA[0] ?? ''), descriptor(HELM_CONTENT_ALPHA[0] ?? '')]), OCI_MANIFEST, /without its name/],
    ['a digest that is a path', manifest([{ ...content, digest: 'sha256:../../x' }]), OCI_MANIFEST, /descriptors cannot be read/],
    ['a negative size', manifest([{ ...content, size: -1 }]), OCI_MANIFEST, /descriptors cannot be read/],
    ['a fractional size', manifest([{ ...content, size: 1.5 }]), OCI_MANIFEST, /descriptors cannot be read/],
    ['layers that are no list', manifest([], { layers: {} }), OCI_MANIFEST, /descriptors cannot be read/],
    ['no JSON', 'hello', OCI_MANIFEST, /no JSON object/],
    ['nothing', '', OCI_MANIFEST, /no JSON object/],
    ['a list', [], OCI_MANIFEST, /no JSON object/],
    ['very deep JSON', '['.repeat(100_000), OCI_MANIFEST, /no JSON object/],
    ['JSON of an unknown type', {}, 'application/json', /type "application\/json"/],
  ])('is told from %s', (_name, document, contentType, what) => {
    expect(read(document, contentType)).toEqual({ kind: 'Other', what: expect.stringMatching(what) });
  });

  it('is not taken with a Content-Type that says something else', () => {
    expect(read(manifest([content]), DOCKER_MANIFEST)).toEqual({ kind: 'Mislabelled', what: expect.stringMatching(/mediaType .* is not its Content-Type/) });
  });
});
