import type { ObjectRef } from '../../src/core/object-ref.ts';

/** An object's JSON as an engine would send it. */
export const bytesOf = (ref: ObjectRef, rest: Readonly<Record<string, unknown>>): Uint8Array => {
  const { metadata, ...others } = { metadata: {}, ...rest };
  const namespace = ref.namespace === '' ? {} : { namespace: ref.namespace };
  return Buffer.from(JSON.stringify({ apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: ref.name, ...namespace, ...(metadata as object) }, ...others }));
};

/** A ConfigMap of the namespace. */
export const configMap = (namespace: string, name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name });

/** A Deployment's spec with one container. */
export const deploymentSpec = (container: Readonly<Record<string, unknown>> = {}, replicas = 1) => ({
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'none', ...container }] } },
  },
});
