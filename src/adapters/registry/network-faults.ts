import { errors } from 'undici';
import type { RegistryError } from '../../ports/registry.ts';
import { failure } from './failure.ts';
import { oneLine } from './one-line.ts';

/** An answer in an encoding that was not asked for: its bytes would not be those of the digest. */
export class UnexpectedEncoding extends Error {
  override readonly name = 'UnexpectedEncoding';

  constructor(encoding: string) {
    super(`the answer came in the encoding ${JSON.stringify(oneLine(encoding, 40))}, which was not asked for`);
  }
}

/** A proxy cannot be reached, or does not let us through. */
export class ProxyFault extends Error {
  override readonly name = 'ProxyFault';
  readonly proxy: string;
  /** What it answered; undefined where it did not. */
  readonly status: string | undefined;

  constructor(proxy: string, status: string | undefined, cause: unknown) {
    super(`the proxy ${proxy} is of no help`, { cause });
    this.proxy = proxy;
    this.status = status;
  }
}

/** Turns what went wrong on the way to a registry into its RegistryError, in words that say what to look at. */
export const networkFailure = (attempt: string, url: URL, cause: unknown): RegistryError =>
  failure(refusalOf(codeOf(cause), url) === undefined ? 'Unavailable' : 'Unauthorized', attempt, describeNetworkFault(url, cause), { cause });

/** Says what went wrong on the way to a host, and what to look at. */
export const describeNetworkFault = (url: URL, cause: unknown): string => {
  if (cause instanceof UnexpectedEncoding) return cause.message;
  if (cause instanceof ProxyFault) return describeProxyFault(url, cause);
  const code = codeOf(cause);
  if (url.protocol === 'http:' && isUnanswered(cause)) return `${url.host} closed the connection without an answer; if it speaks TLS: take it off plainHttpHosts`;
  const told = WORDS[code] ?? (isNoHttp(cause) ? notHttp(url) : tlsWords(code, url));
  return told?.replace('HOST', url.host) ?? `the connection to ${url.host} failed (${oneLine(cause instanceof Error ? cause.message : String(cause))})`;
};

const describeProxyFault = (url: URL, { proxy, status, cause }: ProxyFault): string => {
  if (status === '407') return `the proxy ${proxy} answered 407: it asks for a name and password, which belong into its URL (HTTPS_PROXY, HTTP_PROXY)`;
  if (status !== undefined) return `the proxy ${proxy} answered ${status} when asked for ${url.host}`;
  return `the proxy ${proxy}, by way of which ${url.host} is reached, is of no help: ${describeNetworkFault(new URL(`https://${proxy}`), cause)}`;
};

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'HOST refuses the connection',
  ENOTFOUND: 'the host name of HOST is not known',
  EAI_AGAIN: 'the host name of HOST cannot be looked up at present',
  EHOSTUNREACH: 'HOST cannot be reached',
  ENETUNREACH: 'the network of HOST cannot be reached',
  ECONNRESET: 'HOST closed the connection before its answer ended',
  EPIPE: 'HOST closed the connection before its answer ended',
  UND_ERR_SOCKET: 'HOST closed the connection before its answer ended',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer of HOST has another length than it announced',
  UND_ERR_CONNECT_TIMEOUT: 'HOST did not take the connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'HOST did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer of HOST stopped before its end',
  UND_ERR_HEADERS_OVERFLOW: 'the answer of HOST has headers that are too long',
};

const isNoHttp = (cause: unknown): boolean => cause instanceof errors.HTTPParserError;

// What most TLS servers do about a request in plain text.
const isUnanswered = (cause: unknown): boolean => cause instanceof errors.SocketError && cause.socket?.bytesRead === 0;

const notHttp = ({ protocol, host }: URL): string =>
  protocol === 'http:' ? `${host} does not speak plain HTTP, perhaps TLS: take it off plainHttpHosts` : `the answer of ${host} is not HTTP`;

// What OpenSSL says when the other side answers a TLS greeting with plain text.
const PLAIN_TEXT = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST', 'EPROTO']);

const TRUST = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** What a server says with a TLS alert about the certificate that it was shown, or was not. OpenSSL has written the alerts in two ways. */
const refusalOf = (code: string, { host }: URL): string | undefined => {
  const alert = /^ERR_SSL_.*_ALERT_(\w+)$/.exec(code)?.[1];
  if (alert === 'CERTIFICATE_REQUIRED') return `${host} asks for a client certificate, and there is none: give one in spec.tls.clientCertSecret`;
  if (alert === 'CERTIFICATE_EXPIRED') return `${host} refuses the client certificate: it has expired`;
  if (alert === 'CERTIFICATE_REVOKED') return `${host} refuses the client certificate: it was revoked`;
  if (alert === 'UNKNOWN_CA') return `${host} refuses the client certificate: it does not know who signed it`;
  return alert !== undefined && REFUSALS.has(alert) ? `${host} refuses the client certificate, or asks for one (${alert.toLowerCase().replaceAll('_', ' ')})` : undefined;
};

const REFUSALS = new Set(['BAD_CERTIFICATE', 'UNSUPPORTED_CERTIFICATE', 'CERTIFICATE_UNKNOWN', 'ACCESS_DENIED', 'HANDSHAKE_FAILURE']);

const tlsWords = (code: string, url: URL): string | undefined => {
  const { host } = url;
  if (PLAIN_TEXT.has(code)) return `${host} does not speak TLS; if it speaks plain HTTP: list it under plainHttpHosts`;
  if (TRUST.has(code)) return `the certificate of ${host} is signed by nobody that is trusted (${code}); if it is right: give its CA in spec.tls.caSecret`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the certificate of ${host} is for another host`;
  if (code === 'CERT_HAS_EXPIRED') return `the certificate of ${host} has expired`;
  return refusalOf(code, url);
};

const codeOf = (cause: unknown): string => {
  if (typeof cause !== 'object' || cause === null) return '';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return 'cause' in cause ? codeOf(cause.cause) : '';
};
