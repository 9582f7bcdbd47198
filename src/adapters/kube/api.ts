import { heldBack, nonsense, refusal, silence } from './api-error.ts';
import { Fenced, NoReply, NotReady, type Reply } from './exchange.ts';
import type { ApiRequest, ReadRequest, ReplyStream, Transport } from './transport.ts';

/** Requests to the API server whose failures are ClusterErrors. `action` is what is tried and on what, for messages. */
export class Api {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Aborts when the connection is closed. */
  get closing(): AbortSignal {
    return this.#transport.closing;
  }

  /** The answer to a request that succeeded. Rejects with ClusterError, or with the signal's reason when it aborts. */
  async ask(action: string, request: ApiRequest, signal: AbortSignal): Promise<Reply> {
    const reply = await this.askAny(action, request, signal);
    if (reply.status >= 300) throw refusal(action, request, reply);
    return reply;
  }

  /** The answer, whatever its status. Rejects with ClusterError only when there is none. */
  async askAny(action: string, request: ApiRequest, signal: AbortSignal): Promise<Reply> {
    try {
      return await this.#transport.send(request, signal);
    } catch (error) {
      if (error instanceof Fenced || error instanceof NotReady) throw heldBack(action, error);
      throw error instanceof NoReply ? silence(action, error) : error;
    }
  }

  /** The answer to a request as it comes, whatever its status. Rejects with ClusterError only when there is none. */
  async open(action: string, request: ReadRequest, signal: AbortSignal): Promise<ReplyStream> {
    try {
      return await this.#transport.open(request, signal);
    } catch (error) {
      throw error instanceof NoReply ? silence(action, error) : error;
    }
  }
}

/** Body of an answer as JSON. Throws ClusterError where it is none. */
export const readJson = (action: string, reply: Reply, parse: (text: string) => unknown = JSON.parse): unknown => {
  try {
    return parse(reply.body.toString('utf8'));
  } catch (error) {
    throw nonsense(action, error instanceof Error ? error.message : String(error), error);
  }
};
