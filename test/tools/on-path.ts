import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Tool } from './catalog.ts';

export type Found = { readonly kind: 'found'; readonly path: string } | { readonly kind: 'unfit'; readonly reason: string };

/** Looks for a program on PATH that says it is the wanted version; the first of that name decides, as in a shell. */
export async function findOnPath(name: string, tool: Tool, path: string): Promise<Found> {
  const file = path
    .split(delimiter)
    .filter(Boolean)
    .map((dir) => join(dir, name))
    .find(isExecutable);
  if (file === undefined) return { kind: 'unfit', reason: `no ${name} on PATH` };
  const printed = await printedBy(file, tool.versionArgs);
  if (tool.accepts(printed)) return { kind: 'found', path: file };
  return { kind: 'unfit', reason: `${file} is another version: ${printed.trim().split('\n')[0] ?? ''}` };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Everything it prints, whatever its exit code: some print their version to stderr. */
function printedBy(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 20_000 }, (error, stdout, stderr) => resolve(`${stdout}${stderr}${error && !stdout ? error.message : ''}`));
  });
}
