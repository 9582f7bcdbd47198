import { type Kind, KINDS } from './kinds.ts';

export const VERSION = JSON.stringify({ gitVersion: 'v1.36.3' });

const groupIn = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '');
const versionIn = (apiVersion: string): string => apiVersion.split('/').at(-1) ?? '';

/** The aggregated discovery document of `/api` or of `/apis`. */
const documentOf = (kinds: readonly Kind[]): string =>
  JSON.stringify({
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: [...new Set(kinds.map(({ apiVersion }) => apiVersion))].map((apiVersion) => ({
      metadata: { name: groupIn(apiVersion) },
      versions: [
        {
          version: versionIn(apiVersion),
          freshness: 'Current',
          resources: kinds
            .filter((kind) => kind.apiVersion === apiVersion)
            .map(({ resource, kind, isNamespaced }) => ({
              resource,
              responseKind: { group: groupIn(apiVersion), version: versionIn(apiVersion), kind },
              scope: isNamespaced ? 'Namespaced' : 'Cluster',
            })),
        },
      ],
    })),
  });

const IN_GROUPS = KINDS.filter(({ apiVersion }) => apiVersion !== 'v1');

export const CORE = documentOf(KINDS.filter(({ apiVersion }) => apiVersion === 'v1'));
export const GROUPS = documentOf(IN_GROUPS);

/** GROUPS as it is before a kind is known. */
export const groupsWithout = (unknown: Kind): string => documentOf(IN_GROUPS.filter((kind) => kind !== unknown));
