import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LookUp } from '../../ports/renderer.ts';
import { ProtocolError } from './fields.ts';
import { parseReady, parseStep } from './reply.ts';

const ATTACHMENT = Buffer.from('{"kind":"A"}manifest');
const HEAD = { apiVersion: 'v1', kind: 'A', name: 'a', namespace: '', source: 's', resourcePolicy: '', json: [0, 12] };
const HOOK = { ...HEAD, events: ['post-install'], weight: 3, deletePolicies: [], record: 0 };
const RENDERED = {
  id: 1,
  kind: 'rendered',
  chart: { name: 'c', version: '1', appVersion: '', description: '', type: '' },
  notes: '',
  manifest: [12, 8],
  objects: [HEAD],
  crds: [],
  hooks: [HOOK],
  recordChart: [0, 0],
  recordHooks: [0, 2],
  config: [20, 0],
};
const FAILED = { id: 1, kind: 'failed', code: 'TemplateFailed', message: 'm', template: 't', line: 4 };

const parseStepOf = (header: unknown, lookUp?: LookUp) => parseStep({ header, attachment: ATTACHMENT }, { id: 1, kinds: ['rendered', 'chartNeeded'], lookUp });

const parse = (header: unknown) => {
  const step = parseStepOf(header);
  return step.kind === 'Reply' ? step.reply : undefined;
};

describe('parseReady', () => {
  it('names both protocols when they differ', () => {
    const header = { kind: 'ready', helm: 'v4.3.1', protocol: 4 };
    expect(() => parseReady({ header, attachment: ATTACHMENT })).toThrow('the engine speaks protocol 4 and the operator 3');
  });
});

describe('parseStep', () => {
  it('takes spans out of the attachment without a copy', () => {
    const reply = parse(RENDERED);
    expect(reply).toMatchObject({ kind: 'rendered', manifest: Buffer.from('manifest'), hooks: [{ weight: 3, events: ['post-install'] }] });
    expect(reply).toMatchObject({ objects: [{ json: { buffer: ATTACHMENT.buffer } }] });
  });

  it('accepts failed whatever was asked', () => {
    expect(parse(FAILED)).toEqual({ kind: 'failed', code: 'TemplateFailed', message: 'm', template: 't', line: 4 });
  });

  it.each([
    ['no object', [], 'the reply is no object'],
    ['another id', { ...FAILED, id: 2 }, 'the reply is to request 2, the request was 1'],
    ['an id that is text', { ...FAILED, id: '1' }, 'the reply.id is not an integer'],
    ['a kind that was not asked for', { id: 1, kind: 'read', objects: [] }, 'the reply.kind is not rendered or chartNeeded or failed'],
    ['a kind from the prototype', { id: 1, kind: 'constructor' }, 'the reply.kind'],
    ['an unknown code', { ...FAILED, code: 'Oops' }, 'the reply.code'],
    ['a span past the end', { ...RENDERED, manifest: [12, 9] }, 'the reply.manifest is not a span within the attachment'],
    ['a span before the start', { ...RENDERED, manifest: [-1, 1] }, 'the reply.manifest'],
    ['a span of negative length', { ...RENDERED, manifest: [5, -1] }, 'the reply.manifest'],
    ['a span in fractions', { ...RENDERED, manifest: [0.5, 1] }, 'the reply.manifest is not a span'],
    ['a span of huge numbers', { ...RENDERED, manifest: [2 ** 53, 1] }, 'the reply.manifest'],
    ['no list', { ...RENDERED, objects: null }, 'the reply.objects is not a list'],
    ['a bad span in a list', { ...RENDERED, objects: [HEAD, { ...HEAD, json: [20, 1] }] }, 'the reply.objects[1].json'],
    ['a weight that is text', { ...RENDERED, hooks: [{ ...HOOK, weight: '3' }] }, 'the reply.hooks[0].weight'],
    ['events that are no texts', { ...RENDERED, hooks: [{ ...HOOK, events: [1] }] }, 'the reply.hooks[0].events'],
  ])('refuses %s', (_, header, message) => {
    expect(() => parse(header)).toThrow(ProtocolError);
    expect(() => parse(header)).toThrow(message);
  });

  const LOOKUP = { id: 1, kind: 'lookup', number: 3, question: { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db' } };
  const lookUp: LookUp = async () => ({ kind: 'Found', pages: [] });

  it('gives a question to who answers', () => {
    expect(parseStepOf(LOOKUP, lookUp)).toEqual({ kind: 'Inquiry', inquiry: { lookUp, number: 3, question: LOOKUP.question } });
  });

  it.each([
    ['where nobody answers', LOOKUP, undefined, 'the reply.kind is not rendered or chartNeeded or failed'],
    ['about nothing', { ...LOOKUP, question: null }, lookUp, 'the reply.question is no object'],
    ['of no number', { ...LOOKUP, number: '3' }, lookUp, 'the reply.number is not an integer'],
    ['without a name', { ...LOOKUP, question: { ...LOOKUP.question, name: undefined } }, lookUp, 'the reply.question.name is not a string'],
    ['of another kind', { ...LOOKUP, kind: 'rendered' }, lookUp, 'the reply.kind is not lookup'],
  ])('refuses a question %s', (_, header, by, message) => {
    expect(() => parseStepOf(header, by)).toThrow(ProtocolError);
    expect(() => parseStepOf(header, by)).toThrow(message);
  });

  it('throws nothing but ProtocolError, whatever field is replaced by whatever', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(RENDERED)), fc.jsonValue(), (key, value) => {
        try {
          parse({ ...RENDERED, [key]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});
