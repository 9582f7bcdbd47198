// Causes can go round in a circle.
const DEPTH = 8;

/** A thrown value as a log line holds it: name, code, message, stack, cause; of other properties nobody knows what they carry. */
export const plainError = (error: unknown): unknown => plain(error, DEPTH);

const plain = (error: unknown, depth: number): unknown => {
  if (!(error instanceof Error) || depth === 0) return error instanceof Error ? error.message : error;
  const { name, message, stack, cause } = error;
  return { name, ...codeOf(error), message, stack, ...(cause === undefined ? {} : { cause: plain(cause, depth - 1) }), ...errorsOf(error, depth) };
};

const codeOf = (error: Error): { readonly code?: string } => ('code' in error && typeof error.code === 'string' ? { code: error.code } : {});

const errorsOf = (error: Error, depth: number): { readonly errors?: readonly unknown[] } =>
  error instanceof AggregateError ? { errors: error.errors.map((each) => plain(each, depth - 1)) } : {};
