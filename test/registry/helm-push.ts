import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chartTgz, type Files } from './tar.ts';

const run = promisify(execFile);

export interface HelmPush {
  /** The helm program, of either version. */
  readonly helm: string;
  /** `host:port/namespace`; the repository has the chart's name, and the tag is its version. */
  readonly to: string;
  readonly name: string;
  readonly version: string;
  readonly files: Files;
  /** How the registry is reached: `--plain-http`, `--username`, and what else helm push knows. */
  readonly flags: readonly string[];
  /** Files that flags name, in the folder that helm runs in. */
  readonly beside?: Readonly<Record<string, string>>;
}

/** Packs the files and pushes them with the stock helm command; answers with the digest that it prints. */
export const helmPush = async ({ helm, to, name, version, files, flags, beside = {} }: HelmPush): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tagalong-push-'));
  try {
    await writeFile(join(folder, 'chart.tgz'), chartTgz(name, files));
    for (const [file, text] of Object.entries(beside)) await writeFile(join(folder, file), text);
    const { stdout, stderr } = await run(helm, ['push', 'chart.tgz', `oci://${to}`, ...flags], { cwd: folder, env: { HOME: folder, PATH: process.env['PATH'] ?? '' } });
    const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(`${stdout}\n${stderr}`)?.[1];
    if (digest === undefined) throw new Error(`helm push ${name} ${version} to ${to} names no digest:\n${stdout}\n${stderr}`);
    return digest;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
