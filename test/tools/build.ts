import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Tool } from './catalog.ts';

const GO_MAJOR = 1;
const GO_MINOR = 26;

export const GO_WANTED = `Go ${GO_MAJOR}.${GO_MINOR} or later`;

/** The value of go build's -ldflags: smaller programs, and the versions they shall call themselves. */
export function ldflags(tool: Tool): string {
  return ['-s -w', ...Object.entries(tool.linked).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
}

/** Says why this Go can't build the tools; undefined when it can. */
export async function goUnfit(path: string): Promise<string | undefined> {
  const ran = await run('go', ['env', 'GOVERSION'], { env: { ...process.env, PATH: path, GOTOOLCHAIN: 'local' } });
  if (ran.code !== 0) return `cannot run go: ${ran.tail}`;
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(ran.tail) ?? [];
  const fits = Number(major) > GO_MAJOR || (Number(major) === GO_MAJOR && Number(minor) >= GO_MINOR);
  return fits ? undefined : `go is ${ran.tail}, ${GO_WANTED} is needed`;
}

/**
 * Builds the given tools of one module, all in one go build, which shares the work; programs are named after the last
 * part of their package. Rejects with the last lines that go printed.
 */
export async function goBuild(tools: readonly Tool[], modulesDir: string, outDir: string, path: string): Promise<void> {
  const [first] = tools;
  if (first === undefined) return;
  const args = ['build', '-trimpath', '-ldflags', ldflags(first), '-o', `${outDir}/`, ...tools.map((tool) => tool.goPackage)];
  const env = { ...process.env, PATH: path, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  const ran = await run('go', args, { cwd: join(modulesDir, first.module), env });
  if (ran.code !== 0) throw new Error(`go ${args.slice(0, 2).join(' ')} in ${first.module}: ${ran.tail}`);
}

/** The name go gives to the program of a package: its last part, a version suffix left out. */
export function builtName(tool: Tool): string {
  const parts = tool.goPackage.split('/').filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1) ?? tool.goPackage;
}

interface Ran {
  readonly code: number | null;
  /** The last lines of what was printed. */
  readonly tail: string;
}

function run(command: string, args: readonly string[], options: { cwd?: string; env: NodeJS.ProcessEnv }): Promise<Ran> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  // Our end must not leave a compiler running for minutes.
  const kill = () => void child.kill();
  process.once('exit', kill);
  let tail = '';
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve) => {
    const end = (code: number | null) => {
      process.off('exit', kill);
      resolve({ code, tail: tail.trim() });
    };
    child.once('error', (error) => {
      tail = error.message;
      end(null);
    });
    child.once('close', end);
  });
}
