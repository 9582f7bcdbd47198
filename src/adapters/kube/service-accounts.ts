import type { ServiceAccounts } from '../../ports/service-accounts.ts';
import { readJson } from './api.ts';
import { hasCode } from './api-error.ts';
import type { Connection } from './connection.ts';
import { fieldsOf, listOf, textOf } from './kube-object.ts';

/** ServiceAccounts, each read when it is asked for: out of the API server's memory, which may be behind by moments. */
export class KubeServiceAccounts implements ServiceAccounts {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async imagePullSecrets(namespace: string, name: string, signal: AbortSignal): Promise<readonly string[]> {
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
