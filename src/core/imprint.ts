/**
 * What our last apply left on an object: a short digest of the set of its fields that are ours. As long as it is the same, nobody has changed or
 * removed anything of ours.
 */
export const imprintOf = ({ ownFields }: { readonly ownFields: string }): string => ownFields.slice(0, LENGTH);

/** The imprints of a revision's objects, in the order of its manifest, as a record's annotation; undefined where they are too many. */
export const printImprints = (imprints: readonly string[]): string | undefined => (imprints.length > MOST ? undefined : imprints.join(','));

/** What `printImprints` made; undefined where it is not of so many objects. */
export const parseImprints = (text: string | undefined, count: number): readonly string[] | undefined => {
  const imprints = text?.split(',');
  return imprints?.length === count ? imprints : undefined;
};

/** Of base64: 72 bits. */
const LENGTH = 12;
/** 13 KB, where all annotations of a Secret may have 256 KiB. */
const MOST = 1_000;
