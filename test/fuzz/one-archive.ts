import { readFileSync } from 'node:fs';
import { unpackChart } from '../../src/adapters/registry/archive.ts';
import { chartTgz } from '../registry/tar.ts';

// node test/fuzz/one-archive.ts FILE: reads one archive and prints by how many bytes the process has grown for it at most.
const signal = new AbortController().signal;
const archive = readFileSync(process.argv[2] ?? '');
// What the program itself takes when it is first used is no part of it.
await unpackChart(chartTgz('c', { 'Chart.yaml': 'c' }), signal);
const before = process.memoryUsage.rss();
await unpackChart(archive, signal).catch(() => undefined);
// The kernel's own mark; that of getrusage has the parent's in it.
const most = 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
if (!(most > 0)) throw new Error('/proc/self/status has no VmHWM: memory is measured on Linux alone');
console.log(Math.max(0, most - before));
