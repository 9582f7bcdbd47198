import type { TestProject } from 'vitest/node';
import { type Ground, prepareGround } from '../lab/ground.ts';
import { progressOn } from '../tools/progress.ts';

declare module 'vitest' {
  /** The ground that all integration tests share, without its functions. */
  interface ProvidedContext extends Ground {}
}

/** One lab for all integration tests, with our CRD in it; each test has namespaces and repositories of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { lab, operatorProgram, close } = await prepareGround(progressOn(process.stderr));
  const { stop: _, signal: __, start: ___, ...rest } = lab;
  project.provide('lab', rest);
  project.provide('operatorProgram', operatorProgram);
  return close;
}
