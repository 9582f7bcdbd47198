import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceAccount } from './service-account.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The helm-engine program that `make build` makes. */
export const ENGINE = path.join(ROOT, '.build/helm-engine');
/** The operator that `make build` bundles. */
export const OPERATOR = path.join(ROOT, '.build/operator/operator.mjs');

/** As in config/manager/deployment.yaml. */
const NODE_FLAGS = ['--max-semi-space-size=2'];
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };

const READY_MS = 30_000;
const POLL_MS = 50;
const STOP_MS = 15_000;
const TAIL_LINES = 12;

export interface BundleOptions {
  /** The bundled operator, a file. */
  readonly bundle: string;
  readonly serviceAccount: ServiceAccount;
  /** Operator configuration file. */
  readonly config: string;
  /** Where its log goes. */
  readonly log: string;
  /** Folder that a CPU profile of the whole run is written to. */
  readonly profile: string | undefined;
}

/** The bundled operator with its default flags but for ports, as a process of its own that takes itself for a Pod's. */
export class Bundle {
  /** URL of its metrics. */
  readonly metrics: string;
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended = new AbortController();

  private constructor(child: ChildProcess, log: string, metrics: string) {
    this.metrics = metrics;
    this.#child = child;
    this.#log = log;
    child.once('exit', (code, signal) => this.#ended.abort(new Error(`the operator ended with ${signal ?? `exit code ${code}`}`)));
  }

  /** Starts it and resolves when its watches are in. Rejects with the end of its log. */
  static async start({ bundle: file, serviceAccount, config, log, profile }: BundleOptions): Promise<Bundle> {
    const out = openSync(log, 'w');
    const inspect = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const metrics = `127.0.0.1:${await freePort()}`;
    const args = [
      ...inspect,
      ...NODE_FLAGS,
      file,
      '--service-account',
      serviceAccount.dir,
      '--config',
      config,
      '--helm-engine',
      ENGINE,
      '--metrics-addr',
      metrics,
      '--health-addr',
      '0',
    ];
    const [program = process.execPath, ...rest] = [...dyingWithUs(), process.execPath, ...args];
    const bundle = new Bundle(
      spawn(program, rest, { stdio: ['ignore', out, out], env: { ...process.env, KUBECONFIG: '', ...ENVIRONMENT, ...serviceAccount.environment } }),
      log,
      `http://${metrics}/metrics`,
    );
    closeSync(out);
    await bundle.#ready();
    return bundle;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Aborts when it ends, with how it ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The last lines that it wrote. */
  async tail(): Promise<string> {
    return (await readFile(this.#log, 'utf8')).trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  }

  /** SIGTERM, and SIGKILL when that is not enough; resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.ended.aborted) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }

  async #ready(): Promise<void> {
    for (const until = Date.now() + READY_MS; Date.now() < until && !this.ended.aborted; await delay(POLL_MS)) {
      if ((await readFile(this.#log, 'utf8')).includes('"msg":"ready"')) return;
    }
    await this.stop();
    throw new Error(`the operator did not become ready; its log ends with\n${await this.tail()}`);
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  return port;
};

/** Words to put before a command so that the kernel kills it when we die; none where that can't be had. */
const dyingWithUs = (): readonly string[] => {
  const shield = ['setpriv', '--pdeathsig', 'KILL', '--'];
  const [program = '', ...args] = shield;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? shield : [];
};
