import type { Secrets } from '../../ports/secrets.ts';
import { readJson } from './api.ts';
import { hasCode } from './api-error.ts';
import type { Connection } from './connection.ts';
import { fieldsOf } from './kube-object.ts';

/** Secrets, each read when it is asked for. */
export class KubeSecrets implements Secrets {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async read(namespace: string, name: string, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    const action = `read Secret ${namespace}/${name}`;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
    try {
      return decoded(readJson(action, await this.#connection.api.ask(action, { method: 'GET', path }, signal)));
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

const decoded = (secret: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fieldsOf(fieldsOf(secret)['data'])).map(([key, base64]) => [key, Buffer.from(String(base64), 'base64').toString('utf8')]));
