import { describe, expect, it } from 'vitest';
import { isRedirect, nextHop } from './redirect.ts';

describe('nextHop', () => {
  it.each([
    ['another host', 'https://r.example/a', 'https://cdn.example/b?sig=1', 'https://cdn.example/b?sig=1'],
    ['a relative path', 'https://r.example/a/b', '../c', 'https://r.example/c'],
    ['another host with the same scheme', 'https://r.example/a', '//cdn.example/b', 'https://cdn.example/b'],
    ['https after plain HTTP', 'http://r.example/a', 'https://cdn.example/', 'https://cdn.example/'],
    ['plain HTTP after plain HTTP', 'http://r.example/a', 'http://cdn.example/', 'http://cdn.example/'],
  ])('leads to %s', (_name, from, location, to) => {
    expect(nextHop(new URL(from), location, 4)).toEqual({ kind: 'Hop', url: new URL(to) });
  });

  it.each([
    ['plain HTTP after https', 'http://cdn.example/b', 0, 'a redirect from https to plain HTTP on cdn.example'],
    ['a user name', 'https://u:p@cdn.example/', 0, 'a redirect to cdn.example with a user name in it'],
    ['another scheme', 'file:///etc/passwd', 0, 'a redirect to file:'],
    ['no Location', undefined, 0, 'a redirect without a readable Location'],
    ['a Location that is no URL', 'https://[', 0, 'a redirect without a readable Location'],
    ['a sixth hop', '/b', 5, 'more than 5 redirects'],
  ])('refuses %s', (_name, location, hops, why) => {
    expect(nextHop(new URL('https://r.example/a'), location, hops)).toEqual({ kind: 'Refused', why });
  });

  it('is asked for redirects only', () => {
    expect([200, 300, 301, 302, 303, 304, 305, 307, 308, 404].filter(isRedirect)).toEqual([301, 302, 303, 307, 308]);
  });
});
