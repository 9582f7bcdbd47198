import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { chartTgz, type Files } from './tar.ts';

/** How a chart is written into a registry: as Helm 3.7 and later, 3.0 to 3.6, 3.0.0-alpha.2 and 3.0.0-alpha.1 did. */
export type ChartFormatName = 'current' | 'experimental' | 'alpha2' | 'alpha1';

/** A name and password, or a token for the registry. */
type PushCredential = { readonly username: string; readonly password: string } | { readonly token: string };

export interface PushOptions {
  readonly format?: ChartFormatName;
  readonly credential?: PushCredential;
}

/** Points at pushed content. */
export interface PushedDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One repository of a registry that speaks plain HTTP: `registry` is `host:port`. */
export interface PushTarget {
  readonly registry: string;
  readonly repository: string;
  readonly credential?: PushCredential | undefined;
}

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const CONFIG_TYPE = 'application/vnd.cncf.helm.config.v1+json';
export const CONTENT_TYPE = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

/**
 * Packs the files as a chart and pushes it under the tag; answers with the digest of the manifest. `Chart.yaml` must be among them
 * with a name and a version; the tag may differ from that version. Pushing again moves the tag.
 */
export const pushChart = async (registry: string, repository: string, tag: string, files: Files, options: PushOptions = {}): Promise<string> => {
  const target: PushTarget = { registry, repository, credential: options.credential };
  const manifest = await pushParts(target, files, options.format ?? 'current');
  return pushManifest(target, tag, JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, ...manifest }));
};

/** A small valid chart that makes one ConfigMap; `files` adds to it or replaces. */
export const smallChart = (name: string, version: string, files: Files = {}): Files => ({
  'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\nappVersion: "${version}"\n`,
  'values.yaml': 'greeting: hello\n',
  'templates/configmap.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n  version: {{ .Chart.Version | quote }}\n',
  ...files,
});

interface ManifestParts {
  readonly config: PushedDescriptor;
  readonly layers: readonly PushedDescriptor[];
}

const pushParts = async (target: PushTarget, files: Files, format: ChartFormatName): Promise<ManifestParts> => {
  const metadata = readMetadata(files);
  if (format === 'alpha1' || format === 'alpha2') return pushAlpha(target, files, metadata, format);
  const config = await pushBlob(target, CONFIG_TYPE, Buffer.from(JSON.stringify(metadata)));
  const content = await pushBlob(target, format === 'current' ? CONTENT_TYPE : 'application/tar+gzip', chartTgz(metadata.name, files));
  return { config, layers: [content] };
};

// Name and version stand in annotations, the rest of Chart.yaml in a layer of its own, and placeholders in the archive.
const pushAlpha = async (target: PushTarget, files: Files, metadata: Metadata, format: 'alpha1' | 'alpha2'): Promise<ManifestParts> => {
  const { name, version, ...rest } = metadata;
  const infix = format === 'alpha2' ? '.layer' : '';
  const config = await pushBlob(target, CONFIG_TYPE, Buffer.from('{}'));
  const meta = await pushBlob(target, `application/vnd.cncf.helm.chart.meta${infix}.v1+json`, Buffer.from(JSON.stringify(rest)));
  const packed = chartTgz('-', { ...files, 'Chart.yaml': 'apiVersion: v1\nname: "-"\nversion: 0.1.0\n' });
  const content = await pushBlob(target, `application/vnd.cncf.helm.chart.content${infix}.v1+tar`, packed);
  const titled = (layer: PushedDescriptor, title: string, annotations: Record<string, string> = {}): PushedDescriptor => ({
    ...layer,
    annotations: { 'org.opencontainers.image.title': title, ...annotations },
  });
  return { config, layers: [titled(meta, 'chart-meta.json'), titled(content, 'chart-content.tgz', { 'sh.helm.chart.name': name, 'sh.helm.chart.version': version })] };
};

interface Metadata {
  readonly name: string;
  readonly version: string;
}

const readMetadata = (files: Files): Metadata => {
  const metadata: unknown = parse(Buffer.from(files['Chart.yaml'] ?? '').toString());
  const isNamed = typeof metadata === 'object' && metadata !== null && 'name' in metadata && 'version' in metadata;
  if (!isNamed || typeof metadata.name !== 'string' || typeof metadata.version !== 'string') throw new Error('Chart.yaml of the chart to push has no name or version');
  return { ...metadata, name: metadata.name, version: metadata.version };
};

/** Pushes content (OCI distribution specification, "POST then PUT") and answers with its descriptor. */
export const pushBlob = async (target: PushTarget, mediaType: string, bytes: Uint8Array): Promise<PushedDescriptor> => {
  const digest = digestOf(bytes);
  const begun = await call(target, 'POST', new URL(`/v2/${target.repository}/blobs/uploads/`, `http://${target.registry}`), 202);
  const upload = new URL(begun.headers.get('location') ?? '', `http://${target.registry}`);
  upload.searchParams.set('digest', digest);
  await call(target, 'PUT', upload, 201, bytes, 'application/octet-stream');
  return { mediaType, digest, size: bytes.length };
};

/** Pushes a manifest document under a tag or digest and answers with its digest. */
export const pushManifest = async (target: PushTarget, reference: string, document: string, mediaType: string = MANIFEST_TYPE): Promise<string> => {
  const bytes = Buffer.from(document);
  await call(target, 'PUT', new URL(`/v2/${target.repository}/manifests/${reference}`, `http://${target.registry}`), 201, bytes, mediaType);
  return digestOf(bytes);
};

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const call = async ({ credential }: PushTarget, method: string, url: URL, expected: number, body?: Uint8Array, type?: string): Promise<Response> => {
  const headers: Record<string, string> = {};
  if (type !== undefined) headers['content-type'] = type;
  if (credential !== undefined)
    headers['authorization'] = 'token' in credential ? `Bearer ${credential.token}` : `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body: Buffer.from(body) }), signal: AbortSignal.timeout(30_000) });
  const answer = await response.text();
  if (response.status !== expected) throw new Error(`${method} ${url.pathname} answered ${response.status}, not ${expected}: ${answer.slice(0, 300)}`);
  return response;
};
