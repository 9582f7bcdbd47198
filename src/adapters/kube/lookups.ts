import { type LookupQuestion, printQuestion } from '../../core/lookup.ts';
import { ClusterError } from '../../ports/cluster.ts';
import { type Found, type Lookups, LookupTooLargeError } from '../../ports/lookups.ts';
import { readJson } from './api.ts';
import { hasCode, refusal } from './api-error.ts';
import type { Connection } from './connection.ts';
import { type Reply, TooLong } from './exchange.ts';
import { fieldsOf, listOf, metadataOf, textOf } from './kube-object.ts';

const PAGE_SIZE = 500;
const MAX_TRIES = 3;
const NOTHING: Found = { pages: [], finding: { kind: 'Nothing' } };

/** Looks up whole objects, each when it is asked for, with the meaning that namespace and name have in Helm's lookup. */
export class KubeLookups implements Lookups {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async find(question: LookupQuestion, limitBytes: number, signal: AbortSignal): Promise<Found> {
    try {
      return await this.#find(question, limitBytes, signal);
    } catch (error) {
      if (hasCode(error, 'NotFound') || hasCode(error, 'UnknownKind')) return NOTHING;
      throw error instanceof ClusterError && error.cause instanceof TooLong ? new LookupTooLargeError(error.message, { cause: error }) : error;
    }
  }

  async #find(question: LookupQuestion, limitBytes: number, signal: AbortSignal): Promise<Found> {
    const { discovery } = this.#connection;
    const { isNamespaced } = await discovery.kind(question.apiVersion, question.kind, signal);
    if (question.name === '') {
      return discovery.reach(
        () => discovery.collectionOf(question, signal),
        (path) => this.#list(question, path, limitBytes, signal),
      );
    }
    // There is no path that such an object could have.
    if (isNamespaced && question.namespace === '') return NOTHING;
    return discovery.reach(
      () => discovery.pathOf(question, signal),
      (path) => this.#get(question, path, limitBytes, signal),
    );
  }

  async #get(question: LookupQuestion, path: string, limitBytes: number, signal: AbortSignal): Promise<Found> {
    const action = actionOf(question);
    const reply = await this.#connection.api.ask(action, { method: 'GET', path, limitBytes }, signal);
    const { uid, resourceVersion } = metadataOf(readJson(action, reply));
    return { pages: [reply.body], finding: { kind: 'Object', uid, resourceVersion } };
  }

  /** All pages of one moment. */
  async #list(question: LookupQuestion, path: string, limitBytes: number, signal: AbortSignal): Promise<Found> {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const found = await this.#listOnce(question, path, limitBytes, signal);
      if (found !== undefined) return found;
    }
    throw new ClusterError('Unavailable', `cannot ${actionOf(question)}: the list expired before its last page, ${MAX_TRIES} times`);
  }

  /** Undefined where the list expired. */
  async #listOnce(question: LookupQuestion, path: string, limitBytes: number, signal: AbortSignal): Promise<Found | undefined> {
    const pages: Uint8Array[] = [];
    let count = 0;
    let leftBytes = limitBytes;
    for (let token = ''; ; ) {
      const reply = await this.#page(question, `${path}?limit=${PAGE_SIZE}${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`, leftBytes, signal);
      if (reply === undefined) return undefined;
      const list = fieldsOf(readJson(actionOf(question), reply));
      const metadata = fieldsOf(list['metadata']);
      pages.push(reply.body);
      count += listOf(list['items']).length;
      leftBytes -= reply.body.length;
      token = textOf(metadata['continue']);
      if (token === '') return { pages, finding: { kind: 'List', count, resourceVersion: textOf(metadata['resourceVersion']) } };
    }
  }

  async #page(question: LookupQuestion, path: string, limitBytes: number, signal: AbortSignal): Promise<Reply | undefined> {
    const request = { method: 'GET', path, limitBytes } as const;
    const reply = await this.#connection.api.askAny(actionOf(question), request, signal);
    if (reply.status === 410) return undefined;
    if (reply.status !== 200) throw refusal(actionOf(question), request, reply);
    return reply;
  }
}

const actionOf = (question: LookupQuestion): string => `look up ${printQuestion(question)}`;
