import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HelmRenderer, ENGINE_ENVIRONMENT } from '../../src/adapters/helm/renderer.ts';
import { SystemClock } from '../../src/adapters/system/clock.ts';
import { createLogger } from '../../src/adapters/system/logger.ts';
import type { Access } from '../lab/api.ts';
import type { PidFile } from '../lab/children.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { layoutOf } from '../lab/layout.ts';
import { kubectl } from '../lab/run.ts';
import type { Progress } from '../tools/progress.ts';
import { ApiClient } from './api-client.ts';
import { AUDIT_POLICY, AuditLog } from './audit.ts';
import { Bundle, ENGINE } from './bundle.ts';
import { Fleet } from './fleet.ts';
import { FloorProcess } from './floor-process.ts';
import { Meter } from './meter.ts';
import { operatorAccount } from './service-account.ts';
import { type RegistryTap, tapRegistry } from './registry-tap.ts';
import { disguised } from './stand-in.ts';

/** Everything that a bench is made of, running. */
export interface Rig {
  /** As the operator. */
  readonly access: Access;
  readonly lab: Lab;
  readonly tap: RegistryTap;
  readonly audit: AuditLog;
  readonly client: ApiClient;
  readonly operator: Bundle;
  readonly meter: Meter;
  readonly fleet: Fleet;
  readonly floor: FloorProcess;
  /** Reads manifests for the floor; not the operator's. */
  readonly renderer: HelmRenderer;
}

export interface RigOptions {
  /** An empty folder for all of it. */
  readonly dir: string;
  readonly progress: Progress;
  readonly bundle: string;
  readonly profile: string | undefined;
}

const CRDS = path.resolve(import.meta.dirname, '../../crds');

/**
 * Starts a lab of its own with an audit log, a counting proxy before its registry, and the bundled operator. What is started puts its end onto
 * `cleanup` at once, so that a start that fails half-way leaves nothing either.
 */
export const openRig = async ({ dir, progress, bundle, profile }: RigOptions, cleanup: AsyncDisposableStack, signal: AbortSignal): Promise<Rig> => {
  const log = path.join(dir, 'audit.log');
  const lab = cleanup.adopt(await startLab({ dir, progress, extraArgs: { 'kube-apiserver': await auditArgs(dir, log) } }), (it) => it.stop());
  signal.throwIfAborted();
  await addCrds(lab);
  const admin: Access = { server: lab.server, token: lab.token, ca: await readFile(lab.caFile, 'utf8') };
  const serviceAccount = await operatorAccount(lab, dir);
  const tap = cleanup.adopt(await tapRegistry(lab.registry), (it) => it.close());
  const config = path.join(dir, 'bench-operator.yaml');
  await writeFile(config, JSON.stringify({ plainHttpHosts: [tap.host] }));
  const client = cleanup.adopt(new ApiClient(admin, { connections: 16, userAgent: 'bench' }), (it) => it.close());
  const fleet = cleanup.adopt(await Fleet.open(lab.kubeconfig, signal), (it) => it.close());
  const floor = cleanup.adopt(new FloorProcess(), (it) => it.stop());
  const launch = { command: ENGINE, args: [], environment: ENGINE_ENVIRONMENT };
  const renderer = cleanup.adopt(new HelmRenderer({ launch, engines: 1, clock: new SystemClock(), logger: createLogger({ level: 'silent' }) }), (it) => it.close());
  const operator = cleanup.adopt(await Bundle.start({ serviceAccount, config, log: path.join(dir, 'operator.log'), bundle, profile }), (it) => it.stop());
  const meter = cleanup.adopt(new Meter(operator.pid, await controlPlaneOf(dir)), async (it) => it.stop());
  return { access: { ...admin, token: serviceAccount.token }, lab, tap, audit: new AuditLog(log), client, operator, meter, fleet, floor, renderer };
};

const auditArgs = async (dir: string, log: string): Promise<readonly string[]> => {
  const policy = path.join(dir, 'audit-policy.yaml');
  await writeFile(policy, JSON.stringify(AUDIT_POLICY));
  // Blocking loses no line, and costs operator and floor the same.
  // One file, however long: the default is to begin a new one every 100 MB.
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking', '--audit-log-maxsize=100000'];
};

/** Our CRD, and its twin that the floor writes to. */
const addCrds = async (lab: Lab): Promise<void> => {
  const crd = await readFile(path.join(CRDS, 'tagalong.dev_chartreleases.yaml'), 'utf8');
  await kubectl(lab, ['apply', '--server-side', '-f', '-'], { input: `${crd}\n---\n${disguised(crd)}` });
  await kubectl(lab, ['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
};

const controlPlaneOf = async (dir: string) => {
  const { parts }: PidFile = JSON.parse(await readFile(layoutOf(dir).pids, 'utf8')); // ours, written by children.ts
  const pidOf = (part: string): number => {
    const pid = parts[part]?.pid;
    if (pid === undefined) throw new Error(`the lab in ${dir} has no ${part}`);
    return pid;
  };
  return { 'kube-apiserver': pidOf('kube-apiserver'), etcd: pidOf('etcd'), 'kube-controller-manager': pidOf('kube-controller-manager') };
};
