import { describe, expect, it } from 'vitest';
import { networkFailure } from './network-faults.ts';

const URL_OF_REGISTRY = new URL('https://r.example:5000/v2/');
const coded = (code: string): Error => Object.assign(new Error('what OpenSSL says'), { code });

describe('networkFailure, of a certificate that the registry is shown', () => {
  // Servers of Go send these alerts; OpenSSL 3.2 and later write them in another way.
  it.each([
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'r.example:5000 asks for a client certificate, and there is none: give one in spec.tls.clientCertSecret'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'r.example:5000 refuses the client certificate: it does not know who signed it'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'r.example:5000 refuses the client certificate: it has expired'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'r.example:5000 refuses the client certificate: it has expired'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED', 'r.example:5000 refuses the client certificate: it was revoked'],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'r.example:5000 refuses the client certificate, or asks for one (bad certificate)'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'r.example:5000 refuses the client certificate, or asks for one (handshake failure)'],
  ])('is Unauthorized for %s', (code, came) => {
    expect(networkFailure('resolve it', URL_OF_REGISTRY, coded(code))).toMatchObject({ code: 'Unauthorized', message: `cannot resolve it: ${came}` });
  });

  it.each(['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ECONNRESET'])('is no matter of it for %s', (code) => {
    expect(networkFailure('resolve it', URL_OF_REGISTRY, coded(code))).toMatchObject({ code: 'Unavailable', message: expect.not.stringContaining('certificate') });
  });
});
