import type { RenderedObject } from '../../src/ports/renderer.ts';

interface CrdSpec {
  readonly group: string;
  readonly names: { readonly kind: string };
  readonly version?: string;
  readonly versions?: readonly { readonly name: string; readonly served: boolean }[];
}

/** API versions that these CRDs will serve. They are in the cluster before anything is rendered, and `helm template` does not know of them. */
export const servedBy = (crds: readonly RenderedObject[]): readonly string[] => {
  const specs = crds
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .map(({ json }) => (JSON.parse(Buffer.from(json).toString('utf8')) as { readonly spec?: CrdSpec }).spec); // an API server would check it
  return [...new Set(specs.flatMap((spec) => (spec === undefined ? [] : servedIn(spec))))];
};

const servedIn = ({ group, names, version, versions }: CrdSpec): readonly string[] => {
  const served = versions?.filter((one) => one.served).map(({ name }) => name) ?? (version === undefined ? [] : [version]);
  return served.flatMap((one) => [`${group}/${one}`, `${group}/${one}/${names.kind}`]);
};
