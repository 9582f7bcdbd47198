import type { Answer } from './transport.ts';

/** A body went over the limit that was set for it. */
export class BodyTooLong extends Error {
  override readonly name = 'BodyTooLong';
  readonly limit: number;

  constructor(limit: number) {
    super(`more than ${limit} bytes`);
    this.limit = limit;
  }
}

/** The whole body. Rejects with BodyTooLong as soon as one byte too many has come, and then drops the connection. */
export const readBody = async ({ body }: Answer, limit: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop destroys the stream.
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw new BodyTooLong(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
