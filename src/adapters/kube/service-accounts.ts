import { LRUCache } from 'lru-cache';
import type { ServiceAccounts } from '../../ports/service-accounts.ts';
import { readJson } from './api.ts';
import { hasCode } from './api-error.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, listOf, textOf } from './kube-object.ts';

/** How long an answer is used: a tag that moves under a thousand releases asks for a few accounts a thousand times. */
const FRESH_MS = 10_000;
const MOST = 1_000;

interface Answer {
  readonly at: number;
  readonly names: Promise<readonly string[]>;
}

/** ServiceAccounts, read when they are asked for, but no account twice within ten seconds. */
export class KubeServiceAccounts implements ServiceAccounts {
  readonly #connection: Connection;
  readonly #answers = new LRUCache<string, Answer>({ max: MOST });

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async imagePullSecrets(namespace: string, name: string, signal: AbortSignal): Promise<readonly string[]> {
    const key = `${namespace}/${name}`;
    const now = this.#connection.clock.now();
    const known = this.#answers.get(key);
    if (known !== undefined && now - known.at < FRESH_MS) return known.names;
    const names = this.#read(namespace, name, signal);
    this.#answers.set(key, { at: now, names });
    // A failure is nobody's answer but that of those who wait for it.
    names.catch(() => this.#answers.delete(key));
    return names;
  }

  async #read(namespace: string, name: string, signal: AbortSignal): Promise<readonly string[]> {
    const action = `read ServiceAccount ${namespace}/${name}`;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}?resourceVersion=0`;
    try {
      return secretNames(readJson(action, await this.#connection.api.ask(action, { method: 'GET', path }, signal)));
    } catch (error) {
      if (hasCode(error, 'NotFound')) return [];
      throw error;
    }
  }
}

const secretNames = (account: unknown): readonly string[] =>
  listOf(fieldsOf(account)['imagePullSecrets'])
    .map((reference) => textOf(fieldsOf(reference)['name']))
    .filter((name) => name !== '');
