import type { ChartRelease, ValuesReference } from '../api/chart-release.ts';
import { keyOf } from '../core/object-ref.ts';
import { type GivenValues, givenValues, type ValuesDocument } from '../core/values.ts';
import { StageError } from '../ports/errors.ts';
import type { SourceContent, Sources } from '../ports/sources.ts';

/**
 * The values of a release, those of `spec.valuesFrom` read afresh. Their YAML is not looked at: helm-engine does that. Throws StageError
 * where one is missing or no text, ClusterError.
 */
export const values = async (sources: Sources, { metadata, spec }: ChartRelease, signal: AbortSignal): Promise<GivenValues> => {
  const references = spec.valuesFrom ?? [];
  const refs = references.map(({ kind, name }) => ({ kind, namespace: metadata.namespace, name }));
  const found = await sources.read(keyOf(metadata), 'Values', refs, signal);
  return givenValues(
    references.flatMap((reference, index) => documentOf(metadata.namespace, reference, found[index])),
    spec.values,
  );
};

/** Empty for an optional one that is missing. */
const documentOf = (namespace: string, reference: ValuesReference, source: SourceContent | undefined): readonly ValuesDocument[] => {
  const { kind, name, valuesKey = 'values.yaml', targetPath, literal = false } = reference;
  const object = `${kind} ${namespace}/${name}`;
  const bytes = source?.keys[valuesKey];
  if (bytes === undefined) {
    if (reference.optional === true) return [];
    const what = source === undefined ? `${object} does not exist; create it` : `${object} has no key ${valuesKey}; add it`;
    throw new StageError('ValuesNotFound', `spec.valuesFrom: ${what}, or make the reference optional`);
  }
  const place = `${object}, key ${valuesKey}`;
  return [{ text: textOf(bytes, place), name: place, ...(targetPath !== undefined && { targetPath }), isLiteral: literal, isSecret: kind === 'Secret' }];
};

const textOf = (bytes: Uint8Array, place: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new StageError('ValuesInvalid', `spec.valuesFrom: ${place} is no UTF-8 text`);
  }
};
