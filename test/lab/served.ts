import { setTimeout as delay } from 'node:timers/promises';
import { kubectl, type LabAccess } from './run.ts';

const POLL_MS = 50;
const PATIENCE_MS = 30_000;

/** Resolves when the API server serves the kind of this CustomResourceDefinition; `kubectl wait` fails on one that has no conditions yet. */
export const served = async (lab: LabAccess, definition: string): Promise<void> => {
  const until = Date.now() + PATIENCE_MS;
  const path = 'jsonpath={.status.conditions[?(@.type=="Established")].status}';
  while ((await kubectl(lab, ['get', 'crd', definition, '--output', path])).stdout !== 'True') {
    if (Date.now() > until) throw new Error(`CustomResourceDefinition ${definition} is not established after ${PATIENCE_MS / 1000} s`);
    await delay(POLL_MS);
  }
};
