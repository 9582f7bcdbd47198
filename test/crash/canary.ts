import { randomBytes } from 'node:crypto';

/** A text that nobody else has, for a secret that must not be seen elsewhere. */
export const newCanary = (): string => `canary${randomBytes(12).toString('hex')}`;

/** Where a text was found, and in which writing. */
export interface Leak {
  readonly sink: string;
  readonly writing: string;
}

/** Texts by where they are: logs, Events, status, metrics. */
export type Sinks = ReadonlyMap<string, string>;

/** Where the canary is in what others may read, plainly or in disguise. */
export const leaksIn = (sinks: Sinks, canary: string): readonly Leak[] =>
  [...sinks].flatMap(([sink, text]) => WRITINGS.flatMap(({ writing, written }) => (written(canary).some((one) => text.includes(one)) ? [{ sink, writing }] : [])));

/** Whatever stands before it shifts base64 by up to two bytes; the first and last characters depend on the neighbours. */
const inBase64 = (canary: string): readonly string[] =>
  [0, 1, 2].map((shift) =>
    Buffer.from(`${'x'.repeat(shift)}${canary}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );

const WRITINGS: readonly { readonly writing: string; readonly written: (canary: string) => readonly string[] }[] = [
  { writing: 'plain', written: (canary) => [canary] },
  { writing: 'base64', written: inBase64 },
  { writing: 'base64 of base64', written: (canary) => inBase64(canary).flatMap((one) => inBase64(one.slice(4))) },
  { writing: 'hex', written: (canary) => [Buffer.from(canary).toString('hex'), Buffer.from(canary).toString('hex').toUpperCase()] },
  { writing: 'percent-encoded', written: (canary) => [[...Buffer.from(canary)].map((byte) => `%${byte.toString(16)}`).join('')] },
];
