import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startLab, type Lab } from '../lab/lab.ts';
import { kubectl } from '../lab/run.ts';
import { served } from '../lab/served.ts';
import { progressOn } from '../tools/progress.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The lab that all integration tests share, without its functions. */
    lab: Omit<Lab, 'stop'>;
    /** The operator as it is shipped, bundled from the working tree: it starts in a third of the time. */
    operatorProgram: string;
  }
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const CRD = path.join(ROOT, 'crds');

/** Every write is logged, so that tests can count what an operator sent. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }],
};

/** One lab for all integration tests, with our CRD in it; each test has namespaces and repositories of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tagalong-lab-'));
  const policy = path.join(dir, 'audit-policy.yaml');
  await writeFile(policy, JSON.stringify(AUDIT_POLICY));
  // Every object as JSON, and every change of it kept, so that etcd tells what happened; see test/lab/history.ts.
  const history = ['--storage-media-type=application/json', '--etcd-compaction-interval=0'];
  const audit = [`--audit-policy-file=${policy}`, `--audit-log-path=${path.join(dir, 'audit.log')}`, '--audit-log-mode=blocking'];
  const lab = await startLab({ dir, progress: progressOn(process.stderr), extraArgs: { 'kube-apiserver': [...audit, ...history] } });
  await kubectl(lab, ['apply', '--server-side', '-k', CRD]);
  await served(lab, 'chartreleases.tagalong.dev');
  const { stop, ...rest } = lab;
  project.provide('lab', rest);
  const bundle = path.join(dir, 'operator');
  await promisify(execFile)(process.execPath, ['build.mjs', bundle], { cwd: ROOT });
  project.provide('operatorProgram', path.join(bundle, 'operator.mjs'));
  return async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
}
