import { Refusal } from './answers.ts';
import { isEqual } from './fields.ts';

type Fields = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON Merge Patch (RFC 7386). */
export const mergePatch = (value: unknown, patch: unknown): unknown => {
  if (!isMap(patch)) return patch;
  const merged: Record<string, unknown> = isMap(value) ? { ...value } : {};
  for (const [name, part] of Object.entries(patch)) {
    if (part === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], part);
  }
  return merged;
};

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** JSON Patch (RFC 6902), of which only tests, and members of maps, are understood. */
export const jsonPatch = (value: unknown, operations: readonly Operation[]): unknown => operations.reduce(perform, value);

const perform = (value: unknown, { op, path, value: operand }: Operation): unknown => {
  const steps = path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  switch (op) {
    case 'test':
      if (
        !isEqual(
          steps.reduce<unknown>((at, step) => (isMap(at) ? at[step] : undefined), value),
          operand,
        )
      )
        throw new Refusal(422, 'Invalid', 'the server rejected our request due to an error in our request');
      return value;
    case 'add':
    case 'replace':
      return put(value, steps, operand);
    default:
      throw new Error(`JSON Patch: ${op} is not simulated`);
  }
};

const put = (value: unknown, [step, ...rest]: readonly string[], operand: unknown): unknown => {
  if (step === undefined) return operand;
  const fields = isMap(value) ? value : {};
  return { ...fields, [step]: put(fields[step], rest, operand) };
};
