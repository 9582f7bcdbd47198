/** Fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** True for a JSON object. A number that JavaScript cannot hold (core/exact-json.ts) is an object too, without a prototype. */
export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== null;

/** A JSON object, or an empty one where it is something else. */
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** A string, or an empty one where it is something else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An array, or an empty one where it is something else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
