import { createHash } from 'node:crypto';
import { ARCHIVE_LIMITS, ArchiveFault } from '../../src/adapters/registry/archive-limits.ts';
import { unpackChart } from '../../src/adapters/registry/archive.ts';
import type { ChartFile } from '../../src/ports/registry.ts';
import type { GoReader, GoReading } from './go-reader.ts';

/** How our reader and Go's fared with one archive. Only `Different` is a fault: who reads less is strict. */
export type Verdict =
  | { readonly kind: 'SameTree' | 'BothRefuse' | 'OursRefuses' }
  /** Ours takes what Go or Helm refuses, makes another tree of it, throws what is no ArchiveFault, or does not end. */
  | { readonly kind: 'Different'; readonly how: string };

const DEADLINE_MS = 10_000;

/** Reads an archive both ways. */
export const compareReadings = async (go: GoReader, archive: Uint8Array): Promise<Verdict> => {
  const [ours, theirs] = await Promise.all([inTime(ourReading(archive)), go.read(archive)]);
  if (ours.kind === 'Failed') return { kind: 'Different', how: ours.why };
  if (ours.kind === 'Refused') return { kind: theirs.kind === 'Refused' ? 'BothRefuse' : 'OursRefuses' };
  if (theirs.kind === 'Refused') return { kind: 'Different', how: `ours takes what Go refuses: ${theirs.why}` };
  return sameTree(ours.files, theirs.files) ? { kind: 'SameTree' } : { kind: 'Different', how: `two trees\n    ours ${shown(ours.files)}\n    Go's ${shown(theirs.files)}` };
};

type OurReading = GoReading | { readonly kind: 'Failed'; readonly why: string };

const ourReading = async (archive: Uint8Array): Promise<OurReading> => {
  try {
    const files = await unpackChart(archive, new AbortController().signal, { ...ARCHIVE_LIMITS, deadlineMs: 2 * DEADLINE_MS });
    return { kind: 'Tree', files: files.map(({ name, bytes }) => [Buffer.from(name).toString('latin1'), sha256(bytes)]) };
  } catch (error) {
    return error instanceof ArchiveFault ? { kind: 'Refused', why: error.message } : { kind: 'Failed', why: `ours throws ${String(error)}` };
  }
};

// A timer that holds the process: one that waits for nothing any more would end in silence.
const inTime = async (reading: Promise<OurReading>): Promise<OurReading> => {
  const late = Promise.withResolvers<OurReading>();
  const timer = setTimeout(() => late.resolve({ kind: 'Failed', why: `ours has not ended after ${DEADLINE_MS} ms` }), DEADLINE_MS);
  try {
    return await Promise.race([reading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

const sha256 = (bytes: ChartFile['bytes']): string => createHash('sha256').update(bytes).digest('hex');

type Tree = Extract<GoReading, { readonly kind: 'Tree' }>['files'];

const sameTree = (one: Tree, other: Tree): boolean => shown(one) === shown(other);

// What folder a packed subchart gets is our own choice: Helm has none for it.
const shown = (files: Tree): string => JSON.stringify(files.map(([name, sum]) => `${name.replaceAll(/(^|\/)charts\/[^/]+(?=\/)/g, '$1charts/*')} ${sum.slice(0, 16)}`).toSorted());
