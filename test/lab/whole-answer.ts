import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** An HTTP answer, whole. */
export interface Whole {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | string;
}

/** An answer as it is passed on; it is read to its end. */
export const wholeOf = async (message: IncomingMessage): Promise<Whole> => {
  const { connection: _, 'transfer-encoding': __, 'content-length': ___, ...headers } = message.headers;
  return { status: message.statusCode ?? 502, headers, body: await contentOf(message) };
};

/** The bytes of a message's body. */
export const contentOf = async (message: IncomingMessage): Promise<Buffer> => Buffer.concat(await message.toArray());

/** Resolves when it was handed to the client's connection. */
export const answer = (outgoing: ServerResponse, { status, headers, body }: Whole): Promise<void> => {
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  return new Promise((passed) => outgoing.end(body, passed));
};

/** Whether what was asked for was carried out. */
export const isDone = ({ status }: Whole): boolean => status >= 200 && status < 300;
