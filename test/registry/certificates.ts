import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key, PEM, as servers of Node take them. */
export interface TestIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Host names and IPv4 addresses. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certificate authority of a test's own: it is trusted by nobody who was not told. */
export interface Authority extends TestIdentity {
  /** A certificate for servers and clients. */
  issue(options?: IssueOptions): TestIdentity;
}

const DAY_MS = 86_400_000;

/** Makes an authority with a key of its own (X.509, RFC 5280; ECDSA with P-256). */
export const makeAuthority = (name = 'a test'): Authority => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = nameOf(name);
  const certify = (subject: Buffer, publicKey: KeyObject, extensions: Buffer, { notBefore, notAfter }: IssueOptions): string => {
    const validity = sequence(time(notBefore ?? new Date(Date.now() - DAY_MS)), time(notAfter ?? new Date(Date.now() + DAY_MS)));
    const version = der(0xa0, integer(Buffer.from([2])));
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const serial = integer(Buffer.concat([Buffer.from([1]), randomBytes(15)]));
    const content = sequence(version, serial, ECDSA_SHA256, issuer, validity, subject, spki, der(0xa3, extensions));
    return pem(sequence(content, ECDSA_SHA256, bits(0, sign('sha256', content, own.privateKey))));
  };
  return {
    cert: certify(issuer, own.publicKey, CA_EXTENSIONS, {}),
    key: pemKey(own.privateKey),
    issue: (options = {}) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { names = [] } = options;
      return { cert: certify(nameOf(names[0] ?? 'a client'), publicKey, leafExtensions(names), options), key: pemKey(privateKey) };
    },
  };
};

const pemKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const pem = (bytes: Buffer): string => `-----BEGIN CERTIFICATE-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/** One element in the Distinguished Encoding Rules (X.690). */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const length = content.length < 0x80 ? [content.length] : content.length < 0x100 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const integer = (bytes: Uint8Array): Buffer => der(0x02, bytes);
const bits = (unused: number, bytes: Uint8Array): Buffer => der(0x03, Buffer.from([unused]), bytes);
const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
const TRUE = der(0x01, Buffer.from([0xff]));

const identifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const groups = (value: number): number[] => (value < 0x80 ? [value] : [...groups(value >> 7).map((group) => group | 0x80), value & 0x7f]);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(groups)]));
};

// UTCTime, as RFC 5280 wants it until 2049.
const time = (date: Date): Buffer => der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));

const nameOf = (name: string): Buffer => sequence(der(0x31, sequence(identifier('2.5.4.3'), der(0x0c, Buffer.from(name)))));

const extension = (dotted: string, value: Buffer, isCritical = false): Buffer => sequence(identifier(dotted), ...(isCritical ? [TRUE] : []), octets(value));

const ECDSA_SHA256 = sequence(identifier('1.2.840.10045.4.3.2'));
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const CA_EXTENSIONS = sequence(extension(BASIC_CONSTRAINTS, sequence(TRUE), true), extension(KEY_USAGE, bits(1, Buffer.from([0x06])), true));

const leafExtensions = (names: readonly string[]): Buffer => {
  const alternatives = names.map((name) => (isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name))));
  return sequence(
    extension(BASIC_CONSTRAINTS, sequence(), true),
    extension(KEY_USAGE, bits(7, Buffer.from([0x80])), true),
    extension('2.5.29.37', sequence(identifier('1.3.6.1.5.5.7.3.1'), identifier('1.3.6.1.5.5.7.3.2'))),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', sequence(...alternatives))]),
  );
};
