const PEM = /LS0tLS1CRUdJTi[A-Za-z0-9+/]+=*/g;

/**
 * Whether our text is Helm's but for what a chart leaves to chance (passwords, certificates, times): the lines in which Helm
 * differs from itself have the same shape, all others are equal.
 */
export const isSameButForChance = (ours: string, helms: string, helmsAgain: string): boolean => {
  const [mine, theirs, again] = [ours.split('\n'), helms.split('\n'), helmsAgain.split('\n')];
  if (mine.length !== theirs.length || again.length !== theirs.length) return false;
  return theirs.every((line, at) => mine[at] === line || (again[at] !== line && shapeOf(mine[at] ?? '') === shapeOf(line)));
};

// The length of a certificate varies with its numbers; all else keeps its length.
const shapeOf = (line: string): string => line.replaceAll(PEM, (text) => pemLabel(text)).replaceAll(/[A-Za-z0-9+/.]/g, 'x');

const pemLabel = (base64: string): string => /^-----BEGIN ([A-Z ]+)-----/.exec(Buffer.from(base64, 'base64').toString('latin1'))?.[1] ?? base64;
