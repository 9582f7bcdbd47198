import { readFile } from 'node:fs/promises';
import { type Access, askApi } from '../lab/api.ts';
import type { Lab } from '../lab/lab.ts';
import { kubectl } from '../lab/run.ts';
import { becomes } from './run.ts';

const NAMESPACE = 'default';
/** The API server takes a token for a while after it has learned that it is none any more. */
const REVOKED_MS = 30_000;

/** Who an operator is, with a token and rights that can be taken away. */
export class Account {
  readonly #lab: Lab;
  readonly #access: Access;
  readonly #name: string;
  #issued = 0;
  #token = '';

  private constructor(lab: Lab, access: Access, name: string) {
    this.#lab = lab;
    this.#access = access;
    this.#name = name;
  }

  /** A ServiceAccount that may do everything. */
  static async open(lab: Lab, name: string): Promise<Account> {
    const account = new Account(lab, { server: lab.server, token: lab.token, ca: await readFile(lab.caFile, 'utf8') }, name);
    await kubectl(lab, ['create', 'serviceaccount', name, '--namespace', NAMESPACE]);
    await account.empower();
    return account;
  }

  /** Another token; it is good for as long as a Secret of its own is there. */
  async issue(): Promise<string> {
    this.#issued += 1;
    const bound = `${this.#name}-${this.#issued}`;
    await kubectl(this.#lab, ['create', 'secret', 'generic', bound, '--namespace', NAMESPACE]);
    const args = ['create', 'token', this.#name, '--namespace', NAMESPACE, '--bound-object-kind', 'Secret', '--bound-object-name', bound];
    this.#token = (await kubectl(this.#lab, args)).stdout.trim();
    return this.#token;
  }

  /** Resolves when the API server does not take the token any more. */
  async revoke(): Promise<void> {
    await kubectl(this.#lab, ['delete', 'secret', `${this.#name}-${this.#issued}`, '--namespace', NAMESPACE]);
    const isRefused = async () => (await askApi({ ...this.#access, token: this.#token }, 'GET', '/api/v1/namespaces/default')).status === 401;
    if (!(await becomes(isRefused, REVOKED_MS))) throw new Error(`the token of ${this.#name} is good for ${REVOKED_MS / 1000} s after its Secret was deleted`);
  }

  async empower(): Promise<void> {
    await kubectl(this.#lab, ['create', 'clusterrolebinding', this.#name, '--clusterrole=cluster-admin', `--serviceaccount=${NAMESPACE}:${this.#name}`]);
  }

  async disempower(): Promise<void> {
    await kubectl(this.#lab, ['delete', 'clusterrolebinding', this.#name]);
  }
}
