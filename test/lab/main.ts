import { resolve } from 'node:path';
import { progressOn } from '../tools/progress.ts';
import { type Lab, type LabOptions, runningLab, startBackgroundLab, startLab, stopLab } from './lab.ts';

const USAGE = `usage: node test/lab/main.ts <command> [dir]
  up    start a lab in the background, or leave the one that runs alone
  down  stop it
  env   print KUBECONFIG=... and REGISTRY=...
  run   start a lab that ends with Ctrl-C
dir is .lab unless given`;

const [command = '', dir = '.lab'] = process.argv.slice(2);
const options: LabOptions = { dir: resolve(dir), progress: progressOn(process.stderr) };

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  switch (command) {
    case 'up':
      return showOn(process.stderr, await startBackgroundLab(options));
    case 'down':
      return stopLab(options.dir);
    case 'env':
      return env();
    case 'run':
      return run();
    default:
      throw new Error(USAGE);
  }
}

function env(): void {
  const lab = runningLab(options.dir);
  if (lab === undefined) throw new Error(`no lab is running in ${options.dir}; start one with make lab-up`);
  showOn(process.stdout, lab);
}

async function run(): Promise<void> {
  // Before the lab is there, ending is enough: the supervisor sees it.
  const interrupted = new Promise<void>((interrupt) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt());
  });
  const lab = await Promise.race([startLab(options), interrupted]);
  if (lab === undefined) return process.exit(130);
  showOn(process.stderr, lab);
  console.error('Ctrl-C stops the lab');
  const alive = setInterval(() => undefined, 60_000);
  await interrupted;
  clearInterval(alive);
  await lab.stop();
}

function showOn(out: NodeJS.WriteStream, lab: Lab): void {
  out.write(`KUBECONFIG=${lab.kubeconfig}\nREGISTRY=${lab.registry}\n`);
}
