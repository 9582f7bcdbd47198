/**
 * Whether a resourceVersion is newer than another of the same API server. They are decimal numbers of any length that
 * grow (KEP-5504); an absent one is older than all.
 */
export const isNewer = (resourceVersion: string, than: string): boolean => (resourceVersion.length === than.length ? resourceVersion > than : resourceVersion.length > than.length);
