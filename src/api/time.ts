/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const timestamp = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

/** RFC 3339 in milliseconds. */
export const preciseTimestamp = (epochMs: number): string => new Date(epochMs).toISOString();

/** Milliseconds since the epoch of an RFC 3339 time; 0 where it is none. */
export const epochMsOf = (text: string): number => Date.parse(text) || 0;
