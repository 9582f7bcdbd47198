import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../tools/progress.ts';
import { addDefinitions } from './definitions.ts';
import { type Lab, type OwnLab, startLab } from './lab.ts';

/** What sites stand on: a lab with our CRD in it, of which etcd and the audit log can tell all that happened, and the operator that they run. */
export interface Ground {
  readonly lab: Omit<Lab, 'stop'>;
  /** The operator as it is shipped, bundled from the working tree: it starts in a third of the time. */
  readonly operatorProgram: string;
}

/** A ground that is prepared, and can be left. */
export interface OwnGround extends Ground {
  readonly lab: OwnLab;
  /** Ends the lab and removes everything. */
  close(): Promise<void>;
}

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Every write is logged, so that tests can count what an operator sent. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }],
};

/** Starts a lab, puts our CRD in it, and bundles the operator. */
export const prepareGround = async (progress: Progress): Promise<OwnGround> => {
  const dir = await mkdtemp(path.join(tmpdir(), 'tagalong-lab-'));
  const policy = path.join(dir, 'audit-policy.yaml');
  await writeFile(policy, JSON.stringify(AUDIT_POLICY));
  // Every object as JSON, and every change of it kept, so that etcd tells what happened; see history.ts.
  const history = ['--storage-media-type=application/json', '--etcd-compaction-interval=0'];
  const audit = [`--audit-policy-file=${policy}`, `--audit-log-path=${path.join(dir, 'audit.log')}`, '--audit-log-mode=blocking'];
  const lab = await startLab({ dir, progress, extraArgs: { 'kube-apiserver': [...audit, ...history] } });
  await addDefinitions(lab);
  const bundle = path.join(dir, 'operator');
  await promisify(execFile)(process.execPath, ['build.mjs', bundle], { cwd: ROOT });
  return {
    lab,
    operatorProgram: path.join(bundle, 'operator.mjs'),
    close: async () => {
      await lab.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
