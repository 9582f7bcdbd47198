import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { EngineMode } from './engine.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../.build');

/** Bundles the fake engine: tests start it hundreds of times, and so it is there in a third of the time. Whoever else does the same meanwhile gets a whole file, too. */
const bundled = async (): Promise<string> => {
  const { outputFiles } = await build({ entryPoints: [path.join(import.meta.dirname, 'engine.ts')], bundle: true, platform: 'node', format: 'cjs', write: false });
  const program = path.join(FOLDER, 'fake-engine.cjs');
  const unfinished = `${program}.${randomBytes(4).toString('hex')}`;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(unfinished, outputFiles[0]?.contents ?? '');
  await rename(unfinished, program);
  return program;
};

const PROGRAM = await bundled();

/** How a renderer starts the fake engine. */
export const fakeEngine = (mode: EngineMode, marker = '') => ({ command: process.execPath, args: [PROGRAM, mode, marker], environment: {} });
