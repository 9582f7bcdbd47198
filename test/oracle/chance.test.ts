import { expect, it } from 'vitest';
import { isSameButForChance } from './chance.ts';

const pem = (label: string, bytes: number): string => Buffer.from(`-----BEGIN ${label}-----\n${'x'.repeat(bytes)}`).toString('base64');

it.each([
  ['a password of the same length', 'a: 1\nb: qW3e', 'a: 1\nb: Zx9k', 'a: 1\nb: aaaa'],
  ['a certificate of another length', `c: ${pem('CERTIFICATE', 30)}`, `c: ${pem('CERTIFICATE', 33)}`, `c: ${pem('CERTIFICATE', 36)}`],
])('takes for the same: %s', (_, ours, helms, again) => {
  expect(isSameButForChance(ours, helms, again)).toBe(true);
});

it.each([
  ['a line that Helm always prints alike', 'a: 2\nb: qW3e', 'a: 1\nb: Zx9k', 'a: 1\nb: aaaa'],
  ['a password of another length', 'b: qW3', 'b: Zx9k', 'b: aaaa'],
  ['a key in place of a certificate', `c: ${pem('PRIVATE KEY', 30)}`, `c: ${pem('CERTIFICATE', 33)}`, `c: ${pem('CERTIFICATE', 36)}`],
  ['a line more', 'a: 1\nb: 1', 'a: 1', 'a: 2'],
])('tells apart: %s', (_, ours, helms, again) => {
  expect(isSameButForChance(ours, helms, again)).toBe(false);
});
