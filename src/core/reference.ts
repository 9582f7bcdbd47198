/** A chart reference, `[oci://]host[:port]/ns/.../name[:tag][@sha256:...]`, taken apart. */
export interface Reference {
  /** `host[:port]`, as written. */
  readonly registry: string;
  /** `ns/.../name`. */
  readonly repository: string;
  readonly tag?: string;
  /** A pinned digest; wins over the tag. */
  readonly digest?: string;
}

export type ParsedReference = { readonly kind: 'Reference'; readonly reference: Reference } | { readonly kind: 'Invalid'; readonly message: string };

// Grammar of the OCI distribution specification, "Pulling manifests": name, tag and digest.
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/;
const MAX_NAME_LENGTH = 255;

/** True for a sha256 digest in the form `sha256:<64 hex>`. */
export const isDigest = (text: string): boolean => DIGEST.test(text);

/** Reads a chart reference. Never throws: what is wrong, and what it should look like, is in the message. */
export const parseReference = (text: string): ParsedReference => {
  const parsed = read(text);
  if (parsed.kind === 'Invalid' || parsed.reference.tag !== undefined || parsed.reference.digest !== undefined) return parsed;
  return invalid(text, 'it has neither tag nor digest, and there is no spec.version that chooses one');
};

/** Reads the repository of a chart of which a range of versions chooses the tag. Never throws. */
export const parseRepository = (text: string): ParsedReference => {
  const parsed = read(text);
  if (parsed.kind === 'Invalid' || (parsed.reference.tag === undefined && parsed.reference.digest === undefined)) return parsed;
  const message = `spec.chart ${JSON.stringify(text)} names a tag or a digest, and spec.version chooses the tag: take one of the two away`;
  return { kind: 'Invalid', message };
};

/** What is followed, in one line: a reference, or a repository and a range of versions. */
export const printWish = (reference: Reference, range: string | undefined): string =>
  range === undefined ? printReference(reference) : `${printReference({ registry: reference.registry, repository: reference.repository })} ${range}`;

/** The range in such a line; undefined where it is a reference. */
export const rangeIn = (wish: string): string | undefined => {
  const space = wish.indexOf(' ');
  return space === -1 ? undefined : wish.slice(space + 1);
};

/** The repository in such a line; undefined where there is none. */
export const repositoryIn = (wish: string): Pick<Reference, 'registry' | 'repository'> | undefined => {
  const parsed = read(wish.split(' ', 1)[0] ?? '');
  return parsed.kind === 'Invalid' ? undefined : { registry: parsed.reference.registry, repository: parsed.reference.repository };
};

const invalid = (text: string, why: string): ParsedReference => ({
  kind: 'Invalid',
  message: `spec.chart ${JSON.stringify(text)} is not a chart reference: ${why}; write host[:port]/namespace/name:tag`,
});

const read = (text: string): ParsedReference => {
  const bare = text.startsWith('oci://') ? text.slice('oci://'.length) : text;
  if (bare.includes('://')) return invalid(text, 'only oci:// is read');
  const slash = bare.indexOf('/');
  if (slash < 1) return invalid(text, 'it has no registry host before a /');
  const registry = bare.slice(0, slash);
  if (!HOST.test(registry) || !hasPortInRange(registry)) return invalid(text, `${JSON.stringify(registry)} is not a host[:port]`);
  const [name, digest, ...rest] = bare.slice(slash + 1).split('@');
  if (rest.length > 0 || name === undefined) return invalid(text, 'it has more than one @');
  if (digest !== undefined && !isDigest(digest)) return invalid(text, `${JSON.stringify(digest)} is not sha256:<64 hex digits>`);
  const [repository, writtenTag, ...more] = name.split(':');
  // Helm writes the + of a version as _ in tags, which cannot hold it.
  const tag = writtenTag?.replaceAll('+', '_');
  if (more.length > 0 || repository === undefined) return invalid(text, 'it has more than one tag');
  if (!REPOSITORY.test(repository)) return invalid(text, `${JSON.stringify(repository)} is not a repository path (lower case, digits, . _ - between)`);
  if (bare.slice(0, slash).length + repository.length > MAX_NAME_LENGTH) return invalid(text, `host and path have over ${MAX_NAME_LENGTH} characters`);
  if (tag !== undefined && !TAG.test(tag)) return invalid(text, `${JSON.stringify(tag)} is not a tag`);
  return { kind: 'Reference', reference: { registry, repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) } };
};

/** The reference as people write it, without scheme. */
export const printReference = (reference: Reference): string => {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
};

/** The first 12 hex digits, as container tools print digests. */
export const shortDigest = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

const hasPortInRange = (host: string): boolean => {
  const port = /:([0-9]+)$/.exec(host)?.[1];
  return port === undefined || (Number(port) > 0 && Number(port) <= 65535);
};
