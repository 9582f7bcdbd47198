/** Caps of a frame, counted after its length, in bytes; both sides of the pipe keep to them. */
export const REQUEST_LIMIT = 96 * 1024 * 1024;
export const REPLY_LIMIT = 32 * 1024 * 1024;

const LENGTH_BYTES = 4;

/**
 * One message of the pipe, `uint32be N | uint32be H | H bytes of JSON | N-4-H bytes of attachment`, where N counts
 * everything after itself.
 */
export interface Frame {
  readonly header: unknown;
  readonly attachment: Uint8Array;
}

/** A frame beyond its cap, or bytes that are no frame; after the latter nobody knows where the next one starts. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** The pieces of one frame, in order; those of the attachment are not copied. Throws FrameError beyond `limit` bytes. */
export const encodeFrame = (header: unknown, attachment: readonly Uint8Array[], limit: number): readonly Uint8Array[] => {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const size = attachment.reduce((sum, part) => sum + part.length, LENGTH_BYTES + json.length);
  if (size > limit) throw new FrameError(`a frame of ${size} bytes is more than the ${limit} that are allowed`);
  const lengths = Buffer.allocUnsafe(2 * LENGTH_BYTES);
  lengths.writeUInt32BE(size, 0);
  lengths.writeUInt32BE(json.length, LENGTH_BYTES);
  return [lengths, json, ...attachment.filter((part) => part.length > 0)];
};

/** Puts frames together from chunks that are cut anywhere. Of no use any more once `push` has thrown. */
export class FrameDecoder {
  readonly #limit: number;
  #field: 'length' | 'body' = 'length';
  #target = Buffer.allocUnsafeSlow(LENGTH_BYTES);
  #filled = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The frames that this chunk completes. Throws FrameError at the first byte that shows that this is no frame. */
  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#fill(rest);
      if (this.#filled < this.#target.length) break;
      const frame = this.#complete();
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  #fill(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.#target.length - this.#filled);
    this.#target.set(taken, this.#filled);
    this.#filled += taken.length;
    return chunk.subarray(taken.length);
  }

  #complete(): Frame | undefined {
    const whole = this.#target;
    if (this.#field === 'body') {
      this.#expect('length', LENGTH_BYTES);
      return parseBody(whole);
    }
    this.#expect('body', checkedSize(whole.readUInt32BE(0), this.#limit));
    return undefined;
  }

  // Memory that is asked for and not written to costs nothing, so a length that lies is cheap up to the cap.
  #expect(field: 'length' | 'body', size: number): void {
    this.#field = field;
    this.#target = Buffer.allocUnsafeSlow(size);
    this.#filled = 0;
  }
}

const checkedSize = (size: number, limit: number): number => {
  if (size >= LENGTH_BYTES && size <= limit) return size;
  throw new FrameError(`a frame of ${size} bytes is not between ${LENGTH_BYTES} and ${limit}`);
};

const parseBody = (body: Buffer): Frame => {
  const headerSize = body.readUInt32BE(0);
  const headerEnd = LENGTH_BYTES + headerSize;
  if (headerEnd > body.length) throw new FrameError(`a frame of ${body.length} bytes claims a header of ${headerSize}`);
  return { header: parseHeader(body.subarray(LENGTH_BYTES, headerEnd)), attachment: body.subarray(headerEnd) };
};

const parseHeader = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FrameError('the header of a frame is no JSON', { cause });
  }
};
