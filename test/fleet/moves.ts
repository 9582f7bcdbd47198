import type { Change } from '../lab/history.ts';

/** A Helm release record at one moment, as its labels and annotations have it. */
interface Noted {
  readonly release: string;
  readonly revision: number;
  readonly status: string;
  /** Of the chart's OCI manifest. */
  readonly digest: string;
}

/** What the changes of a namespace's Secrets in etcd say of a move. */
export interface Move {
  /** How many releases were rolling at once, at most: with a revision open, or failed and not undone yet. */
  readonly mostAtOnce: number;
  /** Releases that have opened a revision of the digest. */
  readonly opened: ReadonlySet<string>;
  /** Releases in the order in which they opened their newest revision. */
  readonly order: readonly string[];
}

/** Follows the changes, given in order. Where what fails is undone, a release rolls until it is back. */
export const moveIn = (changes: readonly Change[], digest: string, { isUndone }: { readonly isUndone: boolean }): Move => {
  const newest = new Map<string, Noted>();
  const rolling = new Set<string>();
  const [opened, order] = [new Set<string>(), new Map<string, number>()];
  let mostAtOnce = 0;
  for (const { at, key, value } of changes) {
    if (!key.includes('/sh.helm.release.v1.') || value === undefined) continue;
    const record = notedIn(value);
    const { release, revision, status } = record;
    const isNew = revision > (newest.get(release)?.revision ?? 0);
    if (!isNew && revision < (newest.get(release)?.revision ?? 0)) continue;
    newest.set(release, record);
    if (isNew) order.set(release, at);
    if (record.digest === digest) opened.add(release);
    const isRolling = status.startsWith('pending-') || (isUndone && status === 'failed' && revision > 1);
    if (isRolling) rolling.add(release);
    else rolling.delete(release);
    mostAtOnce = Math.max(mostAtOnce, rolling.size);
  }
  return { mostAtOnce, opened, order: [...order].toSorted(([, one], [, other]) => one - other).map(([release]) => release) };
};

const notedIn = (value: string): Noted => {
  const { metadata } = JSON.parse(value) as {
    readonly metadata: { readonly namespace: string; readonly labels: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  }; // a record as the API server stores it
  const { labels, annotations, namespace } = metadata;
  return {
    release: `${namespace}/${labels['name']}`,
    revision: Number(labels['version']),
    status: labels['status'] ?? '',
    digest: annotations?.['tagalong.dev/chart-digest'] ?? '',
  };
};
