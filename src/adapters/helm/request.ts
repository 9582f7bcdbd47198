import type { ValuesDocument } from '../../core/values.ts';
import type { Chart, ChartFile } from '../../ports/registry.ts';
import type { RenderRequest, Stamp } from '../../ports/renderer.ts';
import { Fields, ProtocolError } from './fields.ts';
import type { Frame } from './frames.ts';

/** A request as it came over the socket, checked; its bytes are parts of the frame, not copies. */
export type Request =
  | { readonly kind: 'render'; readonly id: number; readonly request: Omit<RenderRequest, 'chart'>; readonly chart: AskedChart }
  | { readonly kind: 'read'; readonly id: number; readonly manifest: string; readonly stamp: Stamp };

/** A chart, or its digest alone when it is believed to be held. */
export type AskedChart = Omit<Chart, 'files'> & { readonly files: readonly ChartFile[] | undefined };

/** Checks a request. Throws ProtocolError. */
export const parseRequest = (frame: Frame): Request => {
  const fields = new Fields(frame.header, 'the request', frame.attachment);
  const id = fields.integer('id');
  const stamp = { labels: fields.map('labels'), annotations: fields.map('annotations') };
  switch (fields.oneOf('op', ['render', 'read'])) {
    case 'render':
      return { kind: 'render', id, request: parseRender(fields, stamp), chart: parseChart(fields.object('chart'), frame.attachment) };
    case 'read':
      return { kind: 'read', id, manifest: new TextDecoder('utf-8', { ignoreBOM: true }).decode(fields.bytes('manifest')), stamp };
  }
};

const parseRender = (fields: Fields, stamp: Stamp): Omit<RenderRequest, 'chart'> => {
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
    stamp,
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
