import type { ValuesDocument } from '../../core/values.ts';
import type { Chart, ChartFile } from '../../ports/registry.ts';
import type { LookupAnswer, RenderRequest, Stamp } from '../../ports/renderer.ts';
import { Fields, ProtocolError } from './fields.ts';
import type { Frame } from './frames.ts';

/** A request as it came over the socket, checked; its bytes are parts of the frame, not copies. */
export type Request =
  | { readonly kind: 'render'; readonly id: number; readonly request: AskedRender; readonly chart: AskedChart; readonly lookups: boolean }
  | { readonly kind: 'read'; readonly id: number; readonly manifest: string; readonly stamp: Stamp }
  | AnswerRequest;

/** What a template of the request with that id looked up, as the question of that number. */
export interface AnswerRequest {
  readonly kind: 'answer';
  readonly id: number;
  readonly number: number;
  readonly answer: LookupAnswer;
}

export type AskedRender = Omit<RenderRequest, 'chart' | 'lookUp'>;

/** A chart, or its digest alone when it is believed to be held. */
export type AskedChart = Omit<Chart, 'files'> & { readonly files: readonly ChartFile[] | undefined };

/** Checks a request. Throws ProtocolError. */
export const parseRequest = (frame: Frame): Request => {
  const fields = new Fields(frame.header, 'the request', frame.attachment);
  const id = fields.integer('id');
  switch (fields.oneOf('op', ['render', 'read', 'answer'])) {
    case 'render':
      return { kind: 'render', id, request: parseRender(fields), chart: parseChart(fields.object('chart'), frame.attachment), lookups: fields.flag('lookups') };
    case 'read':
      return { kind: 'read', id, manifest: new TextDecoder('utf-8', { ignoreBOM: true }).decode(fields.bytes('manifest')), stamp: parseStamp(fields) };
    case 'answer':
      return { kind: 'answer', id, number: fields.integer('number'), answer: parseAnswer(fields) };
  }
};

const parseStamp = (fields: Fields): Stamp => ({ labels: fields.map('labels'), annotations: fields.map('annotations') });

const parseAnswer = (fields: Fields): LookupAnswer => {
  const message = fields.text('failure');
  return message === '' ? { kind: 'Found', pages: fields.parts('pages') } : { kind: 'Failed', message };
};

const parseRender = (fields: Fields): AskedRender => {
  const release = fields.object('release');
  const capabilities = fields.object('capabilities');
  return {
    values: fields.objects('values', parseValues),
    skipSchemaValidation: fields.flag('skipSchemaValidation'),
    release: {
      name: release.text('name'),
      namespace: release.text('namespace'),
      revision: release.integer('revision'),
      action: release.oneOf('action', ['install', 'upgrade']),
    },
    capabilities: { kubeVersion: capabilities.text('kubeVersion'), apiVersions: capabilities.texts('apiVersions') },
    stamp: parseStamp(fields),
  };
};

const parseValues = (fields: Fields): ValuesDocument => ({
  text: fields.text('text'),
  name: fields.text('name'),
  ...(fields.has('targetPath') && { targetPath: fields.text('targetPath') }),
  isLiteral: fields.flag('literal'),
  isSecret: fields.flag('secret'),
});

const parseChart = (fields: Fields, attachment: Uint8Array): AskedChart => ({
  digest: fields.text('digest'),
  files: fields.has('files') ? filesOf(fields, attachment) : undefined,
  overrides: fields.has('overrides') ? overridesOf(fields.object('overrides')) : undefined,
});

const overridesOf = (fields: Fields): NonNullable<Chart['overrides']> => ({
  name: fields.text('name'),
  version: fields.text('version'),
  apiVersion: fields.text('apiVersion'),
});

const filesOf = (fields: Fields, attachment: Uint8Array): readonly ChartFile[] => {
  const listed = fields.objects('files', (file) => ({ name: file.text('name'), size: file.integer('size') }));
  let offset = 0;
  return listed.map(({ name, size }) => {
    const end = offset + size;
    if (size < 0 || end > attachment.length) throw new ProtocolError(`the request's file ${JSON.stringify(name)} is not within the attachment`);
    const bytes = attachment.subarray(offset, end);
    offset = end;
    return { name, bytes };
  });
};
