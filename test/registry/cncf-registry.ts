import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestIdentity } from './certificates.ts';
import type { TokenTrust } from './token-server.ts';

/** A running distribution registry, of CNCF or of Debian, on the loopback address. */
export interface CncfRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  close(): Promise<void>;
}

/** The one user of a registry that was started with `withPassword`. */
export const USER = { kind: 'Password', username: 'me', password: 's3cret' } as const;
// bcrypt of that password at its least cost: it guards nothing but a test.
const HTPASSWD = 'me:$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n';

export interface CncfRegistryOptions {
  /** Whether it asks for the name and password of USER. */
  readonly withPassword?: boolean;
  /** The token server whose tokens it asks for. */
  readonly tokens?: TokenTrust;
  /** Whom it tells what is pushed, with which bearer token. */
  readonly notify?: { readonly url: string; readonly token: string };
  /** Its certificate, where it is to speak TLS, and the CA (PEM) whose client certificates it asks for. */
  readonly tls?: { readonly identity: TestIdentity; readonly clientCa?: string };
}

/** Starts the registry program with an empty store of its own; `close` ends it and removes the store. */
export const startCncfRegistry = async (binary: string, options: CncfRegistryOptions = {}): Promise<CncfRegistry> => {
  const folder = await mkdtemp(join(tmpdir(), 'tagalong-registry-'));
  await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  await writeFile(join(folder, 'tokens.pem'), options.tokens?.certificate ?? '');
  await writeFile(join(folder, 'tls.crt'), options.tls?.identity.cert ?? '');
  await writeFile(join(folder, 'tls.key'), options.tls?.identity.key ?? '');
  await writeFile(join(folder, 'clients.crt'), options.tls?.clientCa ?? '');
  await writeFile(join(folder, 'config.json'), JSON.stringify(configuration(folder, options)));
  const child = spawn(binary, ['serve', join(folder, 'config.json')], { stdio: ['ignore', 'ignore', 'pipe'], env: { OTEL_TRACES_EXPORTER: 'none' } });
  const ended = once(child, 'exit');
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const close = async (): Promise<void> => {
    process.removeListener('exit', killWithUs);
    child.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { host: await listeningOn(child.stderr), close };
  } catch (error) {
    await close();
    throw error;
  }
};

const configuration = (folder: string, { withPassword = false, tokens, tls, notify }: CncfRegistryOptions): object => ({
  version: 0.1,
  log: { level: 'info', formatter: 'text', accesslog: { disabled: true } },
  storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true }, maintenance: { uploadpurging: { enabled: false } } },
  http: { addr: '127.0.0.1:0', ...(tls && { tls: tlsOf(folder, tls) }) },
  ...(notify && {
    notifications: { endpoints: [{ name: 'test', url: notify.url, headers: { Authorization: [`Bearer ${notify.token}`] }, timeout: '1s', threshold: 5, backoff: '1s' }] },
  }),
  ...(withPassword && { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } }),
  ...(tokens && {
    auth: { token: { realm: tokens.realm, service: tokens.service, issuer: tokens.issuer, rootcertbundle: join(folder, 'tokens.pem'), signingalgorithms: ['ES256'] } },
  }),
});

const tlsOf = (folder: string, { clientCa }: NonNullable<CncfRegistryOptions['tls']>): object => ({
  certificate: join(folder, 'tls.crt'),
  key: join(folder, 'tls.key'),
  ...(clientCa !== undefined && { clientcas: [join(folder, 'clients.crt')] }),
});

// The registry takes a free port and says which.
const listeningOn = async (log: NodeJS.ReadableStream): Promise<string> => {
  const lines: string[] = [];
  for await (const line of createInterface({ input: log })) {
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (host !== undefined) {
      log.resume();
      return host;
    }
    lines.push(line);
  }
  throw new Error(`the registry did not start:\n${lines.slice(-20).join('\n')}`);
};
