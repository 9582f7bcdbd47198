import { NAME_LABEL, NAMESPACE_LABEL } from '../api/chart-release.ts';
import type { ReleaseAddress } from './record.ts';

/** The ChartRelease an object belongs to. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
}

/**
 * What every managed object carries in its metadata: our labels, by which it is found again, and Helm's, by which
 * stock helm takes it for an object of the release.
 */
export const stampOf = (owner: Owner, address: ReleaseAddress): { readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> } => ({
  labels: { [NAMESPACE_LABEL]: owner.namespace, [NAME_LABEL]: owner.name, 'app.kubernetes.io/managed-by': 'Helm' },
  annotations: { 'meta.helm.sh/release-name': address.releaseName, 'meta.helm.sh/release-namespace': address.namespace },
});

interface Marks {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** True when the object carries our labels with this ChartRelease in them. */
export const isOwnedBy = (object: Marks, owner: Owner): boolean => object.labels[NAME_LABEL] === owner.name && object.labels[NAMESPACE_LABEL] === owner.namespace;

/** True for an object that stays when its release goes or drops it; people may say so on the object itself. */
export const isToBeKept = (annotations: Readonly<Record<string, string>>): boolean => annotations['helm.sh/resource-policy']?.trim().toLowerCase() === 'keep';

/** Who an object belongs to, as a message says it. `managers` are those who have set its fields. */
export const describeOwner = (object: Marks & { readonly managers: readonly string[] }): string => {
  const { labels, annotations } = object;
  if (labels[NAME_LABEL] !== undefined) return `belongs to ChartRelease ${labels[NAMESPACE_LABEL] ?? '?'}/${labels[NAME_LABEL]}`;
  if (labels['helm.toolkit.fluxcd.io/name'] !== undefined)
    return `belongs to Flux HelmRelease ${labels['helm.toolkit.fluxcd.io/namespace'] ?? '?'}/${labels['helm.toolkit.fluxcd.io/name']}`;
  if (labels['kustomize.toolkit.fluxcd.io/name'] !== undefined)
    return `belongs to Flux Kustomization ${labels['kustomize.toolkit.fluxcd.io/namespace'] ?? '?'}/${labels['kustomize.toolkit.fluxcd.io/name']}`;
  const helm = annotations['meta.helm.sh/release-name'];
  if (helm !== undefined) return `belongs to Helm release ${annotations['meta.helm.sh/release-namespace'] ?? '?'}/${helm}`;
  return object.managers.length === 0 ? 'was not made by Tagalong' : `was not made by Tagalong but by ${object.managers.slice(0, MOST_MANAGERS).join(', ')}`;
};

/** Controllers that set a field each come and go; who made the object stands first. */
const MOST_MANAGERS = 3;
