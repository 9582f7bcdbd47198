import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { kubectl } from '../lab/run.ts';

/** The operator's ServiceAccount as a Pod has it. */
export interface ServiceAccount {
  /** A folder with token, ca.crt and namespace. */
  readonly dir: string;
  readonly token: string;
  /** Where a Pod finds the API server. */
  readonly environment: { readonly KUBERNETES_SERVICE_HOST: string; readonly KUBERNETES_SERVICE_PORT: string };
}

const RBAC = path.resolve(import.meta.dirname, '../../config/rbac');
const NAMESPACE = 'tagalong-system';
const NAME = 'tagalong-operator';

/** Makes the ServiceAccount of config/rbac with its rights, and puts its credentials into a folder below `dir`. */
export const operatorAccount = async (lab: Lab, dir: string): Promise<ServiceAccount> => {
  await kubectl(lab, ['create', 'namespace', NAMESPACE]);
  await kubectl(lab, ['apply', '--server-side', '--namespace', NAMESPACE, '--kustomize', RBAC]);
  const { stdout } = await kubectl(lab, ['create', 'token', NAME, '--namespace', NAMESPACE, '--duration', '6h']);
  const token = stdout.trim();
  const at = path.join(dir, 'service-account');
  await mkdir(at);
  await Promise.all([writeFile(path.join(at, 'token'), token, { mode: 0o600 }), copyFile(lab.caFile, path.join(at, 'ca.crt')), writeFile(path.join(at, 'namespace'), NAMESPACE)]);
  const { hostname, port } = new URL(lab.server);
  return { dir: at, token, environment: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port } };
};
