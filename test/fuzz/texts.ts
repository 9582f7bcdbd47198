import fc, { type Arbitrary } from 'fast-check';
import { parseChallenges } from '../../src/adapters/registry/challenge.ts';
import { chartFormat } from '../../src/adapters/registry/chart-format.ts';
import { readManifest } from '../../src/adapters/registry/manifest.ts';
import { DOCKER_INDEX, HELM_CONFIG, HELM_CONTENT, HELM_CONTENT_ALPHA, HELM_META_ALPHA, OCI_INDEX, OCI_MANIFEST } from '../../src/adapters/registry/media-types.ts';
import { nextHop } from '../../src/adapters/registry/redirect.ts';
import { parseRetryAfter } from '../../src/adapters/registry/retry-after.ts';
import { readToken } from '../../src/adapters/registry/token-answer.ts';
import { credentialFor } from '../../src/core/docker-config.ts';
import { parseReference, printReference } from '../../src/core/reference.ts';
import { hearing, NOTIFICATION } from './notifications.ts';

/** A reader of foreign text that answers whatever it is given, and in time that grows with its length alone. */
export interface TextReader {
  readonly what: string;
  readonly text: Arbitrary<string>;
  /** Throws, or rejects, for an answer that does not hold. */
  read(text: string): void | Promise<void>;
}

/** Pieces of the grammar and of nothing, once or, to find readers that look at the same letters again and again, so often that the text is long. */
const woven = (...pieces: readonly string[]): Arbitrary<string> => {
  const piece = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...pieces) }, fc.string({ maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 3 }));
  const text = fc.array(piece, { maxLength: 24 }).map((all) => all.join(''));
  return fc.oneof(
    { weight: 9, arbitrary: text },
    text.map((one) => one.repeat(Math.ceil(LONG / Math.max(1, one.length))).slice(0, LONG)),
  );
};

const LONG = 64 * 1024;

const DIGEST = `sha256:${'a'.repeat(64)}`;
const descriptor = fc.record(
  {
    mediaType: fc.oneof(fc.constantFrom(HELM_CONFIG, HELM_CONTENT, ...HELM_CONTENT_ALPHA, ...HELM_META_ALPHA, '', 'text/plain'), fc.jsonValue()),
    digest: fc.oneof(fc.constantFrom(DIGEST, 'sha256:', 'sha512:aa', `${DIGEST}/..`), fc.jsonValue()),
    size: fc.oneof(fc.constantFrom(0, 3, -1, 1.5, 2 ** 53, 1e308), fc.jsonValue()),
    annotations: fc.oneof(fc.dictionary(fc.constantFrom('sh.helm.chart.name', 'sh.helm.chart.version', '__proto__'), fc.jsonValue()), fc.jsonValue()),
    urls: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const manifest = fc
  .record(
    {
      schemaVersion: fc.constantFrom(1, 2, '2'),
      mediaType: fc.oneof(fc.constantFrom(OCI_MANIFEST, OCI_INDEX, DOCKER_INDEX, ''), fc.jsonValue()),
      config: fc.oneof(descriptor, fc.jsonValue()),
      layers: fc.oneof(fc.array(descriptor, { maxLength: 4 }), fc.jsonValue()),
      manifests: fc.jsonValue(),
      artifactType: fc.jsonValue(),
      subject: fc.jsonValue(),
      annotations: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((document) => JSON.stringify(document));

const REFERENCE = { registry: 'r.example', repository: 'ns/app', tag: '1' };

export const TEXT_READERS: readonly TextReader[] = [
  {
    what: 'references',
    text: woven('oci://', 'r.example', 'localhost:5000', '[::1]:1', '/', 'ns', '.', '..', '-', '__', ':', '1.0+x', '@', DIGEST, 'sha256:', 'A', ' '),
    read: (text) => {
      const parsed = parseReference(text);
      if (parsed.kind === 'Reference' && JSON.stringify(parseReference(printReference(parsed.reference))) !== JSON.stringify(parsed))
        throw new Error('it reads otherwise once printed');
    },
  },
  {
    what: 'WWW-Authenticate',
    text: woven('Bearer ', 'Basic ', 'Negotiate ', 'realm=', 'realm="', 'service', 'scope', '"', '\\', '\\"', '=', ',', ' ', '\t', 'abc', '=='),
    read: (text) => void parseChallenges(text),
  },
  {
    what: 'docker configurations',
    text: fc.oneof(
      woven('{', '}', '"auths"', ':', '"r.example"', '"auth"', '"bWU6cHc="', ',', '"credHelpers"', '"credsStore"', 'null', '[', ']'),
      fc.dictionary(fc.constantFrom('auths', 'credHelpers', 'credsStore', 'r.example', 'https://r.example/v1/'), fc.jsonValue()).map((document) => JSON.stringify(document)),
    ),
    read: (text) => void credentialFor([text], REFERENCE),
  },
  {
    what: 'manifests',
    text: fc.oneof(manifest, fc.json(), woven('{', '}', '[', ']', '"config"', '"layers"', '"mediaType"', '"manifests"', ':', ',', '"', '\\u0000', '1e999', `"${DIGEST}"`)),
    read: (text) => {
      for (const type of [OCI_MANIFEST, undefined, 'text/html; x']) {
        const reading = readManifest(Buffer.from(text), type);
        const format = reading.kind === 'Mislabelled' ? reading : chartFormat(reading);
        if (format.kind !== 'Other' && format.kind !== 'Mislabelled' && !(format.content.digest === DIGEST && format.content.size >= 0))
          throw new Error('a chart without a digest or a size');
      }
    },
  },
  {
    what: 'answers of token servers',
    text: woven('{', '}', '"token"', '"access_token"', '"expires_in"', '"issued_at"', ':', ',', '"abc"', '-1', '1e999', '"2026-01-01T00:00:00Z"', 'null'),
    read: (text) => void readToken(text, text),
  },
  {
    what: 'Location',
    text: woven('https://', 'http://', '//', 'r.example', ':443', ':99999', '@', '/', '..', '?', '#', '%2f', '\\', '[::1]', 'javascript:', 'ä', '\t'),
    read: (text) => {
      const hop = nextHop(new URL('https://r.example/a'), text, 0);
      if (hop.kind === 'Hop' && (hop.url.protocol !== 'https:' || hop.url.username !== '')) throw new Error('a hop to where none may go');
    },
  },
  {
    what: 'Retry-After',
    text: woven('1', '0', '9999', '-', '+', '.', ' ', 'Thu, ', '01 Jan 1970 ', '00:01:00 ', 'GMT', 'Feb', '99'),
    read: (text) => {
      const ms = parseRetryAfter(text, 0) ?? 0;
      if (!Number.isFinite(ms) || ms < 0) throw new Error(`it is to be waited for ${ms} ms`);
    },
  },
  { what: 'notifications', text: NOTIFICATION, read: hearing() },
  // A line for whatever else reads foreign text.
];
