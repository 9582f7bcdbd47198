/** Where a ChartRelease of the bench is, and the one of the floor that stands for it: names of equal length, so that writes have equal sizes. */
export interface Place {
  readonly namespace: string;
  readonly floorNamespace: string;
  readonly name: string;
}

/** Releases of one namespace; a namespace is as large at N=100 as at N=1000. */
export const PER_NAMESPACE = 100;

const MOST = 9_999;

/** Places of N releases: r0000, r0001, ... in bench-00, bench-01, ... */
export const placesOf = (count: number, perNamespace = PER_NAMESPACE): readonly Place[] => {
  if (!Number.isInteger(count) || count < 1 || count > MOST) throw new Error(`N=${count}: the number of releases is a whole number from 1 to ${MOST}`);
  return Array.from({ length: count }, (_, index) => {
    const number = String(Math.floor(index / perNamespace)).padStart(2, '0');
    return { namespace: `bench-${number}`, floorNamespace: `floor-${number}`, name: `r${String(index).padStart(4, '0')}` };
  });
};
