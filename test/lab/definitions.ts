import path from 'node:path';
import { kubectl, type LabAccess } from './run.ts';
import { served } from './served.ts';

const CRDS = path.resolve(import.meta.dirname, '../../crds');

/** Puts our CustomResourceDefinition into a lab, and resolves when the API server serves it. */
export const addDefinitions = async (lab: LabAccess): Promise<void> => {
  await kubectl(lab, ['apply', '--server-side', '-k', CRDS]);
  await served(lab, 'chartreleases.tagalong.dev');
};
