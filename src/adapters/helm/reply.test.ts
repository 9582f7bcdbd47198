import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './fields.ts';
import { parseReady, parseReply } from './reply.ts';

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

const parse = (header: unknown) => parseReply({ header, attachment: ATTACHMENT }, { id: 1, kinds: ['rendered', 'chartNeeded'] });

describe('parseReady', () => {
  it('names both protocols when they differ', () => {
    const header = { kind: 'ready', helm: 'v4.3.1', protocol: 3 };
    expect(() => parseReady({ header, attachment: ATTACHMENT })).toThrow('the engine speaks protocol 3 and the operator 2');
  });
});

describe('parseReply', () => {
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
