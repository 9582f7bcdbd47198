import type { ChartFile } from '../../ports/registry.ts';
import { ArchiveFault } from './archive-limits.ts';
import { quote } from './entry-path.ts';

/** A subchart that was packed as `name`, `charts/<x>.tgz`, with the top folder and the files of its archive. */
export interface PackedSubchart {
  readonly name: string;
  readonly top: string;
  readonly files: readonly ChartFile[];
}

// Where Helm looks for subcharts: directly in charts/, and in the charts/ of an unpacked subchart. Names that begin
// with _ or . are passed over by Helm, whether archive or folder.
const ARCHIVE = /^(?:charts\/[^/]+\/)*charts\/[^/]+\.tgz$/;
const PASSED_OVER = /(?:^|\/)charts\/[_.]/;

/** Parts the archives that Helm would unpack as subcharts from the other files; archives in charts/ that Helm passes over are left out. */
export const splitSubcharts = (files: readonly ChartFile[]): { readonly files: readonly ChartFile[]; readonly packed: readonly ChartFile[] } => ({
  files: files.filter(({ name }) => !ARCHIVE.test(name)),
  packed: files.filter(({ name }) => ARCHIVE.test(name) && !PASSED_OVER.test(name)),
});

/**
 * Puts each subchart beside its archive's place as a folder named like the archive's top folder; like the archive itself where
 * that name is taken, since one chart may be there in two versions (dependencies with an alias).
 */
export const placeSubcharts = (files: readonly ChartFile[], subcharts: readonly PackedSubchart[]): readonly ChartFile[] => {
  const placed = [...files];
  const folders = new Set(files.map(({ name }) => folderOf(name)));
  for (const subchart of subcharts) {
    const folder = freeFolder(subchart, folders);
    folders.add(folder);
    for (const { name, bytes } of subchart.files) placed.push({ name: `${folder}/${name}`, bytes });
  }
  return placed;
};

// `charts/a/charts/b/x/y` is in `charts/a/charts/b`; other files are in none that a subchart could take.
const folderOf = (name: string): string => /^(?:charts\/[^/]+\/)*charts\/[^/]+(?=\/)/.exec(name)?.[0] ?? '';

const freeFolder = ({ name, top }: PackedSubchart, taken: ReadonlySet<string>): string => {
  const parent = name.slice(0, name.lastIndexOf('/'));
  const stem = name.slice(parent.length + 1, -'.tgz'.length);
  const free = [top, stem]
    .filter(isChartFolder)
    .map((folder) => `${parent}/${folder}`)
    .find((folder) => !taken.has(folder));
  if (free === undefined) throw new ArchiveFault(`its subchart ${quote(name)} is there twice`);
  return free;
};

const isChartFolder = (folder: string): boolean => !/^[_.]/.test(folder) && !folder.endsWith('.tgz');
