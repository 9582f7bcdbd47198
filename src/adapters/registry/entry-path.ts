import { ArchiveFault } from './archive-limits.ts';

/** A name in an archive, taken apart as Helm does: the first component, and the rest cleaned; `rest` is empty for the top folder itself. */
export interface EntryPath {
  readonly top: string;
  readonly rest: string;
}

const MAX_LENGTH = 1024;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const DRIVE = /^[A-Za-z]:\//;

/** Takes a name apart; throws ArchiveFault for one that is not plainly a path below one folder. */
export const parseEntryPath = (name: string, kind: 'file' | 'directory'): EntryPath => {
  const why = refusal(name);
  if (why !== undefined) throw new ArchiveFault(`its entry ${quote(name)} ${why}`);
  const [top = '', ...components] = (kind === 'directory' ? name.replace(/\/$/, '') : name).split('/');
  if (top === '' || components.includes('')) throw new ArchiveFault(`its entry ${quote(name)} has an empty path component`);
  // Helm drops the first component whatever it is, `.` too, and then cleans the rest.
  const rest = components.filter((component) => component !== '.').join('/');
  if (DRIVE.test(rest)) throw new ArchiveFault(`its entry ${quote(name)} begins with a drive letter`);
  // Helm takes `..a` for a way out too.
  if (rest.startsWith('..')) throw new ArchiveFault(`its entry ${quote(name)} begins with .. below its top folder`);
  if (rest === '' && kind === 'file') throw new ArchiveFault(`its entry ${quote(name)} is not inside of one top folder`);
  return { top, rest };
};

/** A foreign name, fit for a message. */
export const quote = (name: string): string => JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);

const refusal = (name: string): string | undefined => {
  if (name === '') return 'has no name';
  if (name.length > MAX_LENGTH) return `has a name of over ${MAX_LENGTH} characters`;
  if (CONTROL.test(name)) return 'has control characters in its name';
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.startsWith('/')) return 'is an absolute path';
  if (name.split('/').includes('..')) return 'leads out of its folder with ..';
  return undefined;
};
