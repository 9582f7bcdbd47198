import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startLab, type Lab } from '../lab/lab.ts';
import { kubectl } from '../lab/run.ts';
import { progressOn } from '../tools/progress.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The lab that all integration tests share, without its functions. */
    lab: Omit<Lab, 'stop'>;
  }
}

const CRD = path.resolve(import.meta.dirname, '../../crds');

/** One lab for all integration tests, with our CRD in it; each test has namespaces and repositories of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tagalong-lab-'));
  const lab = await startLab({ dir, progress: progressOn(process.stderr) });
  await kubectl(lab, ['apply', '--server-side', '-k', CRD]);
  await kubectl(lab, ['wait', '--for=condition=Established', '--timeout=30s', 'crd/chartreleases.tagalong.dev']);
  const { stop, ...rest } = lab;
  project.provide('lab', rest);
  return async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
}
