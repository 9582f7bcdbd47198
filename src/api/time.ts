/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const timestamp = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

/** Milliseconds since the epoch of a time as `timestamp` writes it; NaN for what is none. */
export const millisOf = (text: string): number => Date.parse(text);
