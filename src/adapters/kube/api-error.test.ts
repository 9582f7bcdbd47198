import { describe, expect, it } from 'vitest';
import { refusal } from './api-error.ts';

const status = (code: number, message: string, rest: Readonly<Record<string, unknown>> = {}) => ({ code, text: JSON.stringify({ kind: 'Status', message, code, ...rest }) });
const plain = (code: number, text: string) => ({ code, text });
const about = (kind: string, name: string) => ({ reason: 'NotFound', details: { kind, name } });

const refuse = ({ code, text }: { readonly code: number; readonly text: string }, path = '/apis/apps/v1/namespaces/default/deployments/web') =>
  refusal('apply Deployment default/web', { method: 'PATCH', path }, { status: code, headers: {}, body: Buffer.from(text) });

describe('refusal', () => {
  it.each([
    ['401', status(401, 'Unauthorized'), 'Unavailable', 'the API server does not take our credentials: Unauthorized'],
    ['403', status(403, 'deployments.apps "web" is forbidden: no'), 'Forbidden', 'the API server does not allow it: deployments.apps "web" is forbidden: no'],
    ['404 for the object', status(404, 'deployments.apps "web" not found', about('deployments', 'web')), 'NotFound', 'deployments.apps "web" not found'],
    [
      '404 for the namespace',
      status(404, 'namespaces "default" not found', about('namespaces', 'default')),
      'NamespaceNotFound',
      'the namespace does not exist: namespaces "default" not found',
    ],
    ['404 for the path, in plain text', plain(404, '404 page not found\n'), 'UnknownKind', 'the API server does not serve this kind: 404 page not found'],
    [
      '404 for the path, as a Status',
      status(404, 'the server could not find the requested resource', { reason: 'NotFound', details: {} }),
      'UnknownKind',
      'the API server does not serve this kind: the server could not find the requested resource',
    ],
    ['409', status(409, 'configmaps "a" already exists'), 'Conflict', 'somebody else was first: configmaps "a" already exists'],
    ['400', status(400, 'bad'), 'Rejected', 'the API server refuses it: bad'],
    ['413', plain(413, 'too large'), 'Rejected', 'the API server refuses it: too large'],
    ['415', plain(415, ''), 'Rejected', 'the API server refuses it: status 415'],
    [
      '422, without the name twice',
      status(422, 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1'),
      'Rejected',
      'the API server refuses it: spec.replicas: Invalid value: -1',
    ],
    ['429 in plain text', plain(429, 'Too many requests, please try again later.\n'), 'Unavailable', 'the API server is overloaded: Too many requests, please try again later.'],
    ['500', status(500, 'etcdserver: leader changed'), 'Unavailable', 'the API server fails with 500: etcdserver: leader changed'],
    ['504', plain(504, 'gateway\ntime-out'), 'Unavailable', 'the API server fails with 504: gateway time-out'],
    [
      '500 for an object that server-side apply cannot take',
      status(500, 'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema'),
      'Rejected',
      'the API server refuses it: failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema',
    ],
  ] as const)('makes of %s an error with a code and one line', (_, reply, code, words) => {
    expect(refuse(reply)).toMatchObject({ code, message: `cannot apply Deployment default/web: ${words}` });
  });

  it('tells a namespace that is being deleted from what is not allowed', () => {
    const terminating = status(403, 'unable to create new content in namespace x because it is being terminated', {
      reason: 'Forbidden',
      details: { name: 'web', kind: 'deployments', causes: [{ reason: 'NamespaceTerminating', message: 'namespace x is being terminated', field: 'metadata.namespace' }] },
    });
    expect(refuse(terminating)).toMatchObject({ code: 'NamespaceNotFound', message: expect.stringContaining('the namespace is being deleted') });
  });

  it('takes 404 for a Namespace as the object', () => {
    expect(refuse(status(404, 'namespaces "x" not found', about('namespaces', 'x')), '/api/v1/namespaces/x').code).toBe('NotFound');
  });

  it('tells causes that the message does not', () => {
    const denied = status(400, 'admission webhook denied', {
      details: {
        causes: [
          { message: 'no latest tag', field: 'spec.image' },
          { message: 'denied', field: 'x' },
        ],
      },
    });
    expect(refuse(denied).message).toMatch(/refuses it: admission webhook denied \(spec.image: no latest tag\)$/);
  });

  it('leaves out the value of a field of the wrong type', () => {
    const leaky = status(500, 'failed to create typed patch object (default/web; /v1, Kind=Secret): .stringData.pin: expected string, got &value.valueUnstructured{Value:12345}');
    expect(refuse(leaky).message).toMatch(/expected string, got another type$/);
  });

  it('leaves out what Go prints of an invalid value, field by field', () => {
    const causes = [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.template',
        message: 'Invalid value: core.PodTemplateSpec{Spec:core.PodSpec{Env:[]core.EnvVar{{Name:"PASSWORD", Value:"hunter2"}}}}: field is immutable',
      },
      { reason: 'FieldValueInvalid', field: 'spec.name', message: 'Invalid value: "a{b": must not have braces' },
    ];
    const message = `Job.batch "web" is invalid: [${causes.map(({ field, message: why }) => `${field}: ${why}`).join(', ')}]`;
    expect(refuse(status(422, message, { details: { causes } })).message).toMatch(
      /refuses it: spec.template: Invalid value: field is immutable; spec.name: Invalid value: "a\{b": must not have braces$/,
    );
  });

  it('cuts a message that is very long', () => {
    expect(refuse(plain(400, 'x'.repeat(10_000))).message.length).toBe(2000);
  });
});
