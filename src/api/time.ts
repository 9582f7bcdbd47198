/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const timestamp = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
