const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/;

/** Whether a chart's version is newer than another one, by the rules of semantic versions; false where one of them is none. */
export const isNewerVersion = (version: string, than: string): boolean => {
  const [one, other] = [VERSION.exec(version), VERSION.exec(than)];
  if (one === null || other === null) return false;
  for (const part of [1, 2, 3]) {
    const difference = Number(one[part] ?? 0) - Number(other[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return comparePrereleases(one[4], other[4]) > 0;
};

/** A version without a prerelease is newer than one with. */
const comparePrereleases = (one: string | undefined, other: string | undefined): number => {
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  const [ones, others] = [one.split('.'), other.split('.')];
  for (const [index, identifier] of ones.entries()) {
    const against = others[index];
    if (against === undefined) return 1;
    const difference = compareIdentifiers(identifier, against);
    if (difference !== 0) return difference;
  }
  return ones.length - others.length;
};

/** Numbers are older than words. */
const compareIdentifiers = (one: string, other: string): number => {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber && isOtherNumber) return Number(one) - Number(other);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return one === other ? 0 : one < other ? -1 : 1;
};
