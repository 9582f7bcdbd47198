import { setTimeout as delay } from 'node:timers/promises';
import { kubectl, type LabAccess } from './run.ts';

const POLL_MS = 50;
const PATIENCE_MS = 30_000;

/** Resolves when the API server serves the kind of this CustomResourceDefinition; `kubectl wait`, and a filter in a JSONPath, fail on one that has no conditions yet. */
export const served = async (lab: LabAccess, definition: string): Promise<void> => {
  const until = Date.now() + PATIENCE_MS;
  while (!isEstablished((await kubectl(lab, ['get', 'crd', definition, '--output', 'json'])).stdout)) {
    if (Date.now() > until) throw new Error(`CustomResourceDefinition ${definition} is not established after ${PATIENCE_MS / 1000} s`);
    await delay(POLL_MS);
  }
};

const isEstablished = (json: string): boolean => {
  const { status } = JSON.parse(json) as { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null } }; // apiextensions.k8s.io/v1
  return status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') === true;
};
