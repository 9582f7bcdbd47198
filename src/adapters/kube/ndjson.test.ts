import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCutter, LineTooLong } from './ndjson.ts';

const cut = (chunks: readonly Uint8Array[], maxBytes = 1_000_000) => {
  const cutter = new LineCutter(maxBytes);
  const lines = chunks.flatMap((chunk) => cutter.push(chunk)).map((line) => Buffer.from(line).toString('utf8'));
  return { lines, isInLine: cutter.isInLine };
};

const bytes = (text: string) => Buffer.from(text, 'utf8');

describe('LineCutter', () => {
  it('finds two lines in one chunk', () => {
    expect(cut([bytes('{"a":1}\n{"b":2}\n')])).toEqual({ lines: ['{"a":1}', '{"b":2}'], isInLine: false });
  });

  it('says that the last line was cut', () => {
    expect(cut([bytes('{"a":1}\n{"b"')])).toEqual({ lines: ['{"a":1}'], isInLine: true });
  });

  it('puts a character together that is split across chunks', () => {
    const text = bytes('"ß€😀"\n');
    expect(cut([...text].map((byte) => Uint8Array.of(byte))).lines).toEqual(['"ß€😀"']);
  });

  it('refuses a line beyond the cap, and takes one of just that length', () => {
    expect(cut([bytes('12345\n')], 5).lines).toEqual(['12345']);
    expect(() => cut([bytes('123'), bytes('456')], 5)).toThrow(LineTooLong);
  });

  it('gives the same lines however the stream is cut into chunks', () => {
    const line = fc.string({ unit: 'binary', minLength: 1 }).map((text) => JSON.stringify(text));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, sizes) => {
        const stream = bytes(lines.map((each) => `${each}\n`).join(''));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(cut([...chunks, stream.subarray(at)])).toEqual({ lines, isInLine: false });
      }),
    );
  });
});
