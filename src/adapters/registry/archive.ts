import type { ChartFile } from '../../ports/registry.ts';
import { ARCHIVE_LIMITS, ArchiveBudget, ArchiveFault, type ArchiveLimits, ArchiveTooSlow } from './archive-limits.ts';
import { parseEntryPath, quote } from './entry-path.ts';
import { gunzip } from './gunzip.ts';
import { type PackedSubchart, placeSubcharts, splitSubcharts } from './subcharts.ts';
import { listTar, type TarListing } from './tar-headers.ts';
import { readTar } from './tar-files.ts';

/**
 * Files of a packed chart, names relative to the chart's root, subcharts in `charts/<x>.tgz` unpacked in their place.
 * Rejects with ArchiveFault for whatever is damaged, too large or not plain, ArchiveTooSlow at the deadline, and with the
 * reason of `signal`.
 *
 * `.helmignore` is not honoured: Helm applies it when it packs a folder, never when it reads an archive.
 */
export const unpackChart = async (compressed: Uint8Array, signal: AbortSignal, limits: ArchiveLimits = ARCHIVE_LIMITS): Promise<readonly ChartFile[]> => {
  const deadline = AbortSignal.timeout(limits.deadlineMs);
  try {
    const { files } = await unpack(compressed, new ArchiveBudget(limits), 0, AbortSignal.any([signal, deadline]));
    return files;
  } catch (error) {
    if (!signal.aborted && deadline.aborted) throw new ArchiveTooSlow(`it was not unpacked within ${limits.deadlineMs} ms`, { cause: error });
    throw error;
  }
};

interface Unpacked {
  readonly top: string;
  readonly files: readonly ChartFile[];
}

const unpack = async (compressed: Uint8Array, budget: ArchiveBudget, depth: number, signal: AbortSignal): Promise<Unpacked> => {
  if (depth > budget.limits.depth) throw new ArchiveFault(`it has subcharts packed more than ${budget.limits.depth} deep`);
  const tar = await gunzip(compressed, budget, signal);
  const listing = listTar(tar, budget);
  const chart = filesOf(listing, await readTar(tar, listing, signal));
  const { files, packed } = splitSubcharts(chart.files);
  const subcharts: PackedSubchart[] = [];
  for (const { name, bytes } of packed) subcharts.push({ name, ...(await unpackSubchart(name, bytes, budget, depth + 1, signal)) });
  return { top: chart.top, files: placeSubcharts(files, subcharts) };
};

const unpackSubchart = async (name: string, bytes: Uint8Array, budget: ArchiveBudget, depth: number, signal: AbortSignal): Promise<Unpacked> => {
  try {
    return await unpack(bytes, budget, depth, signal);
  } catch (error) {
    throw error instanceof ArchiveFault ? new ArchiveFault(`in ${name}: ${error.message}`, { cause: error }) : error;
  }
};

const filesOf = ({ entries }: TarListing, bodies: readonly Uint8Array[]): Unpacked => {
  const files = new Map<string, ChartFile>();
  const tops = new Set<string>();
  for (const [index, { name, kind }] of entries.entries()) {
    const { top, rest } = parseEntryPath(name, kind);
    tops.add(top);
    if (kind === 'directory') continue;
    if (files.has(rest)) throw new ArchiveFault(`it has the file ${quote(rest)} twice`);
    files.set(rest, { name: rest, bytes: withoutBom(bodies[index] ?? new Uint8Array()) });
  }
  if (tops.size > 1) throw new ArchiveFault(`it has several top folders (${[...tops].slice(0, 3).map(quote).join(', ')})`);
  if (!files.has('Chart.yaml')) throw new ArchiveFault('it has no Chart.yaml in its top folder');
  return { top: [...tops][0] ?? '', files: [...files.values()] };
};

// Helm's loader cuts a byte order mark off every file of an archive.
const withoutBom = (bytes: Uint8Array): Uint8Array => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes);
