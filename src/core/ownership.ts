import { NAME_LABEL, NAMESPACE_LABEL } from '../api/chart-release.ts';
import type { ReleaseAddress } from './record.ts';

/** The ChartRelease an object belongs to. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
}

/** A ChartRelease, and the Helm release that its objects are of. */
export interface Whose {
  readonly owner: Owner;
  readonly address: ReleaseAddress;
}

/**
 * What every managed object carries in its metadata: our labels, by which it is found again, and Helm's, by which
 * stock helm takes it for an object of the release.
 */
export const stampOf = (owner: Owner, address: ReleaseAddress): { readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> } => ({
  labels: { [NAMESPACE_LABEL]: owner.namespace, [NAME_LABEL]: owner.name, 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': address.releaseName, 'meta.helm.sh/release-namespace': address.namespace },
});

/** Whether a field is one of those marks: without them an object would not be found again. */
export const isOwnMark = ([metadata, map, element]: readonly string[]): boolean =>
  metadata === 'f:metadata' && ((map === 'f:labels' && OWN_LABELS.has(element ?? '')) || (map === 'f:annotations' && OWN_ANNOTATIONS.has(element ?? '')));

const OWN_LABELS: ReadonlySet<string> = new Set([NAMESPACE_LABEL, NAME_LABEL, 'app.kubernetes.io/managed-by'].map((key) => `f:${key}`));
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set(['meta.helm.sh/release-name', 'meta.helm.sh/release-namespace'].map((key) => `f:${key}`));

interface Marks {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The object that made it and sees to it. */
  readonly controller: string | undefined;
}

/** Whose an object is. */
export type Belonging =
  /** The ChartRelease's: it carries its labels, or is an object of its Helm release that stock helm made. */
  | { readonly kind: 'Own' }
  /** Nobody says that it is his. */
  | { readonly kind: 'Nobodys' }
  /** Somebody else's, named as a message names him. */
  | { readonly kind: 'Others'; readonly owner: string; readonly isFlux: boolean };

/**
 * Whose an object is, by its labels, its annotations and its controller. Whoever labels it comes before Helm's annotations: Flux runs Helm, and writes the same
 * annotations as anybody's helm.
 */
export const belongingOf = ({ labels, annotations, controller }: Marks, { owner, address }: Whose): Belonging => {
  const [namespace, name] = [labels[NAMESPACE_LABEL], labels[NAME_LABEL]];
  if (name === owner.name && namespace === owner.namespace) return { kind: 'Own' };
  if (name !== undefined) return others(`ChartRelease ${namespace ?? '?'}/${name}`);
  for (const [domain, kind] of FLUX) {
    const labelled = labels[`${domain}/name`];
    if (labelled !== undefined) return others(`Flux ${kind} ${labels[`${domain}/namespace`] ?? '?'}/${labelled}`, true);
  }
  const release = annotations['meta.helm.sh/release-name'];
  if (release === undefined) return controller === undefined ? { kind: 'Nobodys' } : others(controller);
  const home = annotations['meta.helm.sh/release-namespace'];
  return release === address.releaseName && home === address.namespace ? { kind: 'Own' } : others(`Helm release ${home ?? '?'}/${release}`);
};

const FLUX = [
  ['helm.toolkit.fluxcd.io', 'HelmRelease'],
  ['kustomize.toolkit.fluxcd.io', 'Kustomization'],
] as const;

const others = (owner: string, isFlux = false): Belonging => ({ kind: 'Others', owner, isFlux });

/** True for an object that stays when its release goes or drops it; people may say so on the object itself. */
export const isToBeKept = (annotations: Readonly<Record<string, string>>): boolean => annotations['helm.sh/resource-policy']?.trim().toLowerCase() === 'keep';

/** How a message says that an object is not of this release; `managed` are those who have set its fields. */
export const describeStranger = (belonging: Exclude<Belonging, { readonly kind: 'Own' }>, managed: readonly { readonly manager: string }[]): string => {
  if (belonging.kind === 'Others') return `belongs to ${belonging.owner}`;
  const managers = [...new Set(managed.map(({ manager }) => manager).filter((manager) => manager !== ''))];
  return managers.length === 0 ? 'was not made by Tagalong' : `was not made by Tagalong but by ${managers.slice(0, MOST_MANAGERS).join(', ')}`;
};

/**
 * Who has an object that is about to be deleted, in such words; undefined where it is this release's. Our labels are on it still when a
 * person's helm has taken it into another release: there Helm's annotations count.
 */
export const strangerIn = (object: Marks & { readonly managed: readonly { readonly manager: string }[] }, whose: Whose): string | undefined => {
  const belonging = belongingOf(object, whose);
  if (belonging.kind !== 'Own') return describeStranger(belonging, object.managed);
  const byHelm = belongingOf({ labels: {}, annotations: object.annotations, controller: undefined }, whose);
  return byHelm.kind === 'Others' ? describeStranger(byHelm, object.managed) : undefined;
};

/** Controllers that set a field each come and go; who made the object stands first. */
const MOST_MANAGERS = 3;
