import { expect, it } from 'vitest';
import { type ListenAddress, parseAddress, printAddress } from './address.ts';

const listen = (host: string | undefined, port: number): ListenAddress => ({ kind: 'Listen', host, port });

it.each<readonly [string, ListenAddress]>([
  ['0', { kind: 'Off' }],
  [':8080', listen(undefined, 8080)],
  ['127.0.0.1:0', listen('127.0.0.1', 0)],
  ['localhost:8081', listen('localhost', 8081)],
  ['[::1]:8080', listen('::1', 8080)],
  [':65536', { kind: 'Invalid' }],
  ['8080', { kind: 'Invalid' }],
  ['::1:8080', { kind: 'Invalid' }],
  ['http://localhost:8080', { kind: 'Invalid' }],
  ['', { kind: 'Invalid' }],
])('reads %j', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

it('prints an address so that it stands in a URL', () => {
  expect(printAddress('::1', 8080)).toBe('[::1]:8080');
  expect(printAddress('127.0.0.1', 80)).toBe('127.0.0.1:80');
});
