import { isDigest } from '../../core/reference.ts';
import { DOCKER_INDEX, DOCKER_MANIFEST, HELM_CONFIG, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import { oneLine } from './one-line.ts';

/** Points at content (OCI image specification, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An image manifest, or in words what else a registry sent. */
export type ManifestReading =
  | {
      readonly kind: 'Manifest';
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
      readonly artifactType: string | undefined;
      /** What was read. */
      readonly document: Uint8Array;
    }
  | { readonly kind: 'Other'; readonly what: string };

/** A document that is not of the type that was sent with it: whoever sends the header may be wrong, and another time right. */
export interface Mislabelled {
  readonly kind: 'Mislabelled';
  readonly what: string;
}

/** Reads a manifest document as it came with its Content-Type. Never throws. */
export const readManifest = (bytes: Uint8Array, contentType: string | undefined): ManifestReading | Mislabelled => {
  const sent = bareMediaType(contentType);
  const document = parseObject(bytes);
  if (document === undefined) return other('no JSON object');
  // A document that is both is read differently by different clients (CVE-2021-41190).
  if ('manifests' in document && 'layers' in document) return other('a document with both manifests and layers');
  const own = document['mediaType'];
  if (own !== undefined && sent !== undefined && own !== sent)
    return { kind: 'Mislabelled', what: `a document whose mediaType ${quote(own)} is not its Content-Type ${quote(sent)}` };
  const mediaType = own ?? sent;
  if (mediaType === OCI_INDEX || mediaType === DOCKER_INDEX || 'manifests' in document) return other(describeIndex(document['manifests']));
  if (mediaType !== OCI_MANIFEST && mediaType !== DOCKER_MANIFEST) return other(`a document of type ${quote(mediaType)}`);
  return readImage(document, bytes);
};

/** Reads once more what was a manifest when it came; where it does not say its own type, that was in a header. */
export const readKeptManifest = (bytes: Uint8Array): ManifestReading => {
  const reading = readManifest(bytes, undefined);
  return reading.kind === 'Manifest' ? reading : readUntyped(bytes);
};

const readUntyped = (bytes: Uint8Array): ManifestReading => {
  const reading = readManifest(bytes, OCI_MANIFEST);
  return reading.kind === 'Mislabelled' ? other(reading.what) : reading;
};

/** Which of several is meant is not for us to guess; of a chart among them it is said how to name it. */
const describeIndex = (manifests: unknown): string => {
  const entries = Array.isArray(manifests) ? manifests.filter(isObject) : [];
  const chart = entries.filter(({ artifactType }) => artifactType === HELM_CONFIG).map(readDescriptor)[0];
  return chart === undefined ? 'an index of images' : `an index with a Helm chart in it, which is to be named by its own digest, ${chart.digest}`;
};

const readImage = ({ config, layers, artifactType }: Readonly<Record<string, unknown>>, document: Uint8Array): ManifestReading => {
  const readConfig = readDescriptor(config);
  const readLayers = Array.isArray(layers) ? layers.map(readDescriptor) : [undefined];
  if (readConfig === undefined || !readLayers.every((layer) => layer !== undefined)) return other('a manifest whose descriptors cannot be read');
  return { kind: 'Manifest', config: readConfig, layers: readLayers, artifactType: typeof artifactType === 'string' ? artifactType : undefined, document };
};

const readDescriptor = (value: unknown): Descriptor | undefined => {
  if (!isObject(value)) return undefined;
  const { mediaType, digest, size, annotations } = value;
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return { mediaType, digest, size, annotations: readAnnotations(annotations) };
};

const readAnnotations = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(isObject(value) ? value : {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

/** A Content-Type without its parameters; undefined for none. */
export const bareMediaType = (contentType: string | undefined): string | undefined => {
  const bare = contentType?.split(';')[0]?.trim().toLowerCase();
  return bare === '' ? undefined : bare;
};

const parseObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const quote = (value: unknown): string => JSON.stringify(typeof value === 'string' ? oneLine(value, 100) : typeof value);

const other = (what: string): ManifestReading => ({ kind: 'Other', what });
