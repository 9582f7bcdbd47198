import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, FrameError, type Frame } from './frames.ts';

const LIMIT = 4096;

const wire = (header: unknown, ...attachment: Uint8Array[]): Buffer => Buffer.concat(encodeFrame(header, attachment, LIMIT));

const split = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
};

const plain = ({ header, attachment }: Frame): unknown => ({ header, attachment: [...attachment] });

describe('encodeFrame', () => {
  it('writes both lengths before the JSON and the attachment', () => {
    expect(wire({ a: 1 }, Buffer.from('xy'), Buffer.from('z'))).toEqual(Buffer.from('\0\0\0\x0e\0\0\0\x07{"a":1}xyz'));
  });

  it('does not copy the attachment', () => {
    const part = Buffer.from('xy');
    expect(encodeFrame({}, [part], LIMIT)).toContain(part);
  });

  it('refuses a frame beyond its cap', () => {
    expect(() => encodeFrame({}, [Buffer.alloc(LIMIT - 6)], LIMIT)).not.toThrow();
    expect(() => encodeFrame({}, [Buffer.alloc(LIMIT - 5)], LIMIT)).toThrow(FrameError);
  });
});

describe('FrameDecoder', () => {
  it('gives back what was encoded, however the bytes are cut', () => {
    const header = fc.jsonValue();
    const frames = fc.array(fc.record({ header, attachment: fc.uint8Array({ maxLength: 200 }) }), { maxLength: 5 });
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(frames, sizes, (sent, cuts) => {
        const bytes = Buffer.concat(sent.map((frame) => wire(frame.header, frame.attachment)));
        const decoder = new FrameDecoder(LIMIT);
        const received = split(bytes, cuts).flatMap((chunk) => decoder.push(chunk));
        expect(received.map(plain)).toEqual(sent.map((frame) => plain({ ...frame, header: JSON.parse(JSON.stringify(frame.header)) })));
      }),
    );
  });

  it('gives frames within the cap, or throws FrameError, whatever it is fed', () => {
    const lengths = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }));
    const likely = fc.tuple(lengths, fc.uint8Array({ maxLength: 40 })).map(([[n, h], rest]) => Uint8Array.from([0, 0, 0, n, 0, 0, 0, h, ...rest]));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 64 }), likely)), (chunks) => {
        const decoder = new FrameDecoder(32);
        try {
          for (const frame of chunks.flatMap((chunk) => decoder.push(chunk))) expect(frame.attachment.length).toBeLessThanOrEqual(28);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the attachment of one frame apart from the next frame', () => {
    const [first, second] = new FrameDecoder(LIMIT).push(Buffer.concat([wire({ a: 1 }, Buffer.from('one')), wire({ a: 2 }, Buffer.from('two'))]));
    expect(Buffer.from(first?.attachment ?? []).toString()).toBe('one');
    expect(Buffer.from(second?.attachment ?? []).toString()).toBe('two');
  });

  it.each([
    ['a length over the cap', Buffer.from([0, 0, 0x10, 1])],
    ['a length that has no room for a header', Buffer.from([0, 0, 0, 3])],
    ['a header that is longer than its frame', Buffer.from([0, 0, 0, 5, 0, 0, 0, 2, 0x7b])],
    ['a header that is no JSON', Buffer.from([0, 0, 0, 5, 0, 0, 0, 1, 0x7b])],
    ['a header that is no UTF-8', Buffer.from([0, 0, 0, 7, 0, 0, 0, 3, 0x22, 0xff, 0x22])],
    ['an empty header', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0])],
    ['a line of text', Buffer.from('level=INFO\n')],
  ])('refuses %s', (_, bytes) => {
    expect(() => new FrameDecoder(LIMIT).push(bytes)).toThrow(FrameError);
  });
});
