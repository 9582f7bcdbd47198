import { expect, it } from 'vitest';
import { type NextPage, nextPage } from './next-page.ts';

const FROM = new URL('https://r.example/v2/ns/app/tags/list?n=1000');
const page = (query: string): NextPage => ({ kind: 'Page', url: new URL(`https://r.example/v2/ns/app/tags/list?${query}`) });
const none: NextPage = { kind: 'None' };
const elsewhere: NextPage = { kind: 'Refused', why: 'its next page is somewhere else' };

it.each<readonly [string, string | undefined, NextPage]>([
  ['no header', undefined, none],
  ['a path', '</v2/ns/app/tags/list?last=1.2.3&n=1000>; rel="next"', page('last=1.2.3&n=1000')],
  ['a query alone', '<?last=1.2.3>; rel=next', page('last=1.2.3')],
  ['a whole URL', '<https://r.example/v2/ns/app/tags/list?last=a>;rel="next"', page('last=a')],
  ['several links', '</v2/ns/app/tags/list?n=1>; rel="first", </v2/ns/app/tags/list?last=a>; rel="next"; title="b"', page('last=a')],
  ['another relation', '</v2/ns/app/tags/list?last=a>; rel="prev"', none],
  ['no link at all', 'next', none],
  ['another host', '<https://evil.example/v2/ns/app/tags/list?last=a>; rel="next"', elsewhere],
  ['plain HTTP', '<http://r.example/v2/ns/app/tags/list?last=a>; rel="next"', elsewhere],
  ['another repository', '</v2/ns/other/tags/list?last=a>; rel="next"', elsewhere],
  ['a user name', '<https://me@r.example/v2/ns/app/tags/list?last=a>; rel="next"', elsewhere],
  ['what is no URL', '<https://>; rel="next"', elsewhere],
  ['the same page', '</v2/ns/app/tags/list?n=1000>; rel="next"', { kind: 'Refused', why: 'its next page is the same one again' }],
])('reads %s', (_name, header, expected) => {
  expect(nextPage(FROM, header)).toEqual(expected);
});
