import { pick, type Random } from '../seeded.ts';

/** What somebody does, or what breaks. `tag` and `release` are places in lists. */
export type Act =
  /** A tag moves to a chart that works, that never becomes ready, or that cannot be rendered. */
  | { readonly kind: 'push'; readonly tag: number; readonly chart: 'good' | 'stuck' | 'broken' }
  | { readonly kind: 'values' | 'edit' | 'suspend' | 'recreate' | 'helm rollback'; readonly release: number }
  /** The way to the API server or to the registry is cut for so long. */
  | { readonly kind: 'cut'; readonly way: 'api' | 'registry'; readonly ms: number }
  /** For so long the API server throttles, fails, or does what it is asked and does not say so, one request of a few; or all watches end at once. */
  | { readonly kind: 'trouble'; readonly trouble: Trouble; readonly ms: number }
  | { readonly kind: 'kill engine' };

export type Trouble = 'throttled' | 'failing' | 'silent' | 'watches end';

/** How much there is to act upon. */
export interface Extent {
  readonly tags: number;
  readonly releases: number;
}

type Kind = Act['kind'];

/** How often each happens, of a hundred. */
const SHARES: Readonly<Record<Kind, number>> = { push: 40, values: 16, edit: 10, suspend: 6, recreate: 6, 'helm rollback': 4, cut: 8, trouble: 8, 'kill engine': 2 };
const LOTS: readonly Kind[] = Object.entries(SHARES).flatMap(([kind, share]) => Array<Kind>(share).fill(kind as Kind)); // its own keys
const CHARTS = ['good', 'good', 'good', 'good', 'good', 'good', 'good', 'stuck', 'stuck', 'broken'] as const;
const TROUBLES: readonly Trouble[] = ['throttled', 'failing', 'silent', 'watches end'];
const LEAST_MS = 500;
const MOST_MS = 20_000;

/** The next act of a course, by chance. */
export const nextAct = (random: Random, { tags, releases }: Extent): Act => {
  const below = (end: number): number => Math.floor(random() * end);
  const kind = pick(random, LOTS);
  switch (kind) {
    case 'push':
      return { kind, tag: below(tags), chart: pick(random, CHARTS) };
    case 'cut':
      return { kind, way: pick(random, ['api', 'registry']), ms: LEAST_MS + below(MOST_MS - LEAST_MS) };
    case 'trouble':
      return { kind, trouble: pick(random, TROUBLES), ms: LEAST_MS + below(MOST_MS - LEAST_MS) };
    case 'kill engine':
      return { kind };
    default:
      return { kind, release: below(releases) };
  }
};
