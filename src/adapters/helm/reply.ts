import type { LookUp, RenderedHook, RenderedObject } from '../../ports/renderer.ts';
import { Fields, ProtocolError } from './fields.ts';
import type { Frame } from './frames.ts';
import { type FailedReply, FAILURE_CODES, type Inquiry, PROTOCOL, type Ready, type ReadReply, type RenderedReply, type Reply } from './protocol.ts';

/** What a request with this id may be answered with, besides `failed`. */
export interface Expected<K extends Reply['kind']> {
  readonly id: number;
  readonly kinds: readonly K[];
  /** Who answers lookups, of which there may be some before the reply; there may be none where nobody does. */
  readonly lookUp?: LookUp | undefined;
}

/** A reply, or a question on the way to it. */
export type Step<R> = { readonly kind: 'Reply'; readonly reply: R } | { readonly kind: 'Inquiry'; readonly inquiry: Inquiry };

/** Checks the first frame of an engine. Throws ProtocolError, which names both protocols where they differ. */
export const parseReady = (frame: Frame): Ready => {
  const fields = new Fields(frame.header, 'the first frame', frame.attachment);
  fields.oneOf('kind', ['ready']);
  const protocol = fields.integer('protocol');
  if (protocol !== PROTOCOL) throw new ProtocolError(`the engine speaks protocol ${protocol} and the operator ${PROTOCOL}`);
  return { helm: fields.text('helm') };
};

/** Checks what comes to a request, which is hostile input, and takes its spans out of the attachment. Throws ProtocolError. */
export const parseStep = <K extends Reply['kind']>(frame: Frame, expected: Expected<K>): Step<Extract<Reply, { kind: K }> | FailedReply> => {
  const fields = new Fields(frame.header, 'the reply', frame.attachment);
  const id = fields.integer('id');
  if (id !== expected.id) throw new ProtocolError(`the reply is to request ${id}, the request was ${expected.id}`);
  if (expected.lookUp !== undefined && fields.has('question')) return { kind: 'Inquiry', inquiry: parseInquiry(fields, expected.lookUp) };
  const kind = fields.oneOf<K | 'failed'>('kind', [...expected.kinds, 'failed']);
  const reply: Reply = PARSERS[kind](fields);
  return { kind: 'Reply', reply: reply as Extract<Reply, { kind: K }> | FailedReply };
};

const parseInquiry = (fields: Fields, lookUp: LookUp): Inquiry => {
  fields.oneOf('kind', ['lookup']);
  const question = fields.object('question');
  return {
    lookUp,
    number: fields.integer('number'),
    question: { apiVersion: question.text('apiVersion'), kind: question.text('kind'), namespace: question.text('namespace'), name: question.text('name') },
  };
};

const parseRendered = (fields: Fields): RenderedReply => ({
  kind: 'rendered',
  chart: parseChart(fields.object('chart')),
  notes: fields.text('notes'),
  manifest: fields.bytes('manifest'),
  objects: fields.objects('objects', parseObject),
  crds: fields.objects('crds', parseObject),
  hooks: fields.objects('hooks', parseHook),
  recordChart: fields.bytes('recordChart'),
  recordHooks: fields.bytes('recordHooks'),
  config: fields.bytes('config'),
});

const parseChart = (fields: Fields): RenderedReply['chart'] => ({
  name: fields.text('name'),
  version: fields.text('version'),
  appVersion: fields.text('appVersion'),
});

const parseRead = (fields: Fields): ReadReply => ({ kind: 'read', objects: fields.objects('objects', parseObject) });

const parseFailed = (fields: Fields): FailedReply => ({
  kind: 'failed',
  code: fields.oneOf('code', FAILURE_CODES),
  message: fields.text('message'),
  template: fields.text('template'),
  line: fields.integer('line'),
});

const parseObject = (fields: Fields): RenderedObject => ({
  apiVersion: fields.text('apiVersion'),
  kind: fields.text('kind'),
  name: fields.text('name'),
  namespace: fields.text('namespace'),
  source: fields.text('source'),
  resourcePolicy: fields.text('resourcePolicy'),
  json: fields.bytes('json'),
});

const parseHook = (fields: Fields): RenderedHook => ({
  ...parseObject(fields),
  events: fields.texts('events'),
  weight: fields.integer('weight'),
  deletePolicies: fields.texts('deletePolicies'),
});

const PARSERS: { readonly [K in Reply['kind']]: (fields: Fields) => Extract<Reply, { kind: K }> } = {
  chartNeeded: () => ({ kind: 'chartNeeded' }),
  rendered: parseRendered,
  read: parseRead,
  failed: parseFailed,
};
