export type Hop = { readonly kind: 'Hop'; readonly url: URL } | { readonly kind: 'Refused'; readonly why: string };

/** Redirects followed for one request. */
export const MAX_HOPS = 5;

const STATUSES = new Set([301, 302, 303, 307, 308]);

/** True for the answers that name another place for the same content. */
export const isRedirect = (status: number): boolean => STATUSES.has(status);

/** Where a redirect leads; `hops` were followed before it. Locations are never quoted: they may be signed. */
export const nextHop = (from: URL, location: string | undefined, hops: number): Hop => {
  if (hops >= MAX_HOPS) return refused(`more than ${MAX_HOPS} redirects`);
  const url = location === undefined ? null : URL.parse(location, from.href);
  if (url === null) return refused('a redirect without a readable Location');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refused(`a redirect to ${url.protocol}`);
  if (url.protocol === 'http:' && from.protocol === 'https:') return refused(`a redirect from https to plain HTTP on ${url.host}`);
  if (url.username !== '' || url.password !== '') return refused(`a redirect to ${url.host} with a user name in it`);
  return { kind: 'Hop', url };
};

const refused = (why: string): Hop => ({ kind: 'Refused', why });
