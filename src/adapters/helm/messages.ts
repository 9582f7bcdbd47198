import type { ChartFile } from '../../ports/registry.ts';
import type { ValuesDocument } from '../../core/values.ts';
import type { LookupAnswer, RenderRequest, Stamp } from '../../ports/renderer.ts';
import type { ChartHeader, Message, ValuesHeader } from './protocol.ts';

/** The request to render, with the chart's digest alone or with its files, whose bytes are not copied. */
export const renderMessage = (request: RenderRequest, carries: 'digest' | 'files'): Message => {
  const files = carries === 'files' ? request.chart.files : undefined;
  const { values, skipSchemaValidation, release, capabilities, stamp, lookUp } = request;
  const chart = chartHeader(request, files);
  const header = { op: 'render', chart, values: values.map(valuesHeader), release, capabilities, ...stampOf(stamp), skipSchemaValidation, lookups: lookUp !== undefined } as const;
  return { header, attachment: files?.map(({ bytes }) => bytes) ?? [] };
};

/** The request to read a manifest back. */
export const readMessage = (manifest: string, stamp: Stamp): Message => {
  const bytes = Buffer.from(manifest, 'utf8');
  return { header: { op: 'read', manifest: [0, bytes.length], ...stampOf(stamp) }, attachment: [bytes] };
};

/** The answer to the question of that number. */
export const answerMessage = (number: number, answer: LookupAnswer): Message => {
  if (answer.kind === 'Failed') return { header: { op: 'answer', number, pages: [], failure: answer.message }, attachment: [] };
  let offset = 0;
  const pages = answer.pages.map(({ length }): readonly [number, number] => {
    offset += length;
    return [offset - length, length];
  });
  return { header: { op: 'answer', number, pages, failure: '' }, attachment: answer.pages };
};

const chartHeader = ({ chart }: RenderRequest, files: readonly ChartFile[] | undefined): ChartHeader => ({
  digest: chart.digest,
  ...(files === undefined ? {} : { files: files.map(({ name, bytes }) => ({ name, size: bytes.length })) }),
  ...(chart.overrides === undefined ? {} : { overrides: chart.overrides }),
});

const valuesHeader = ({ text, name, targetPath, isLiteral, isSecret }: ValuesDocument): ValuesHeader => ({
  text,
  name,
  ...(targetPath !== undefined && { targetPath }),
  literal: isLiteral,
  secret: isSecret,
});

// Field by field: what else a caller's object carries is none of the engine's business.
const stampOf = ({ labels, annotations }: Stamp): Stamp => ({ labels, annotations });
