/** What follows a page of a list: nothing, another page, or what is not gone to. */
export type NextPage = { readonly kind: 'None' } | { readonly kind: 'Page'; readonly url: URL } | { readonly kind: 'Refused'; readonly why: string };

const LINK = /^\s*<([^<>]{1,2048})>\s*((?:;[^;,]*)*)$/;

/**
 * Reads a Link header (RFC 8288), as the OCI distribution specification has it in "Listing Tags": `</v2/name/tags/list?n=1000&last=x>; rel="next"`. The next page is
 * of the same origin and the same path: wherever else a registry sends us, it is not with the credential for this repository.
 */
export const nextPage = (from: URL, header: string | undefined): NextPage => {
  const next = (header ?? '')
    .split(/,(?=\s*<)/)
    .map((part) => LINK.exec(part))
    .find((link) => /;\s*rel\s*=\s*"?next"?\s*$|;\s*rel\s*=\s*"?next"?\s*;/i.test(link?.[2] ?? ''));
  if (next === undefined || next === null) return { kind: 'None' };
  const url = URL.parse(next[1] ?? '', from.href);
  if (url === null || url.origin !== from.origin || url.pathname !== from.pathname || url.username !== '' || url.password !== '')
    return { kind: 'Refused', why: 'its next page is somewhere else' };
  return url.href === from.href ? { kind: 'Refused', why: 'its next page is the same one again' } : { kind: 'Page', url };
};
