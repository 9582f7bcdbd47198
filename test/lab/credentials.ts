import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Access } from './api.ts';
import type { Layout } from './layout.ts';

/** Writes the token file of the API server and returns the token of its one user, who may do everything. */
export function writeAdminToken(at: Layout): string {
  const token = randomBytes(24).toString('hex');
  writeFileSync(at.tokens, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  return token;
}

/** Writes the key that service account tokens are signed with. */
export function writeServiceAccountKey(at: Layout): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(at.serviceAccountKey, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
}

/**
 * Writes the CA of the API server and returns it. The server makes its own certificate when it starts and puts that of its
 * CA behind it in the same file.
 */
export function writeCa(at: Layout): string {
  const [, ca] = readFileSync(at.servingCert, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
  if (ca === undefined) throw new Error(`no CA certificate in ${at.servingCert}`);
  writeFileSync(at.ca, ca);
  return ca;
}

/** Writes a kubeconfig that needs no other file; `ca` is PEM, empty for a server by plain HTTP. */
export function writeKubeconfig(file: string, { server, token, ca }: Access): void {
  const trust = ca === '' ? [] : [`      certificate-authority-data: ${Buffer.from(ca).toString('base64')}`];
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'current-context: lab',
    'contexts:',
    '  - { name: lab, context: { cluster: lab, user: admin } }',
    'clusters:',
    '  - name: lab',
    '    cluster:',
    `      server: ${server}`,
    ...trust,
    'users:',
    `  - { name: admin, user: { token: "${token}" } }`,
    '',
  ];
  writeFileSync(file, lines.join('\n'), { mode: 0o600 });
}
