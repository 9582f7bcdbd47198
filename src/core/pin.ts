import { PIN } from '../api/chart-release.ts';

/** The revision that a person holds by annotation. */
export type Pin = { readonly kind: 'None' } | { readonly kind: 'Pinned'; readonly revision: number } | { readonly kind: 'Invalid'; readonly message: string };

/** Reads the annotation; empty counts as none. */
export const pinOf = (annotations: Readonly<Record<string, string>> | undefined): Pin => {
  const text = annotations?.[PIN]?.trim() ?? '';
  if (text === '') return { kind: 'None' };
  if (/^[1-9]\d{0,9}$/.test(text)) return { kind: 'Pinned', revision: Number(text) };
  return { kind: 'Invalid', message: `the annotation ${PIN} is ${JSON.stringify(text)}, which is no number of a revision; write one that status.history has, or take it away` };
};
