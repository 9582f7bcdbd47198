import { expect, it } from 'vitest';
import { type Place, placeOf } from './places.ts';

const RELEASE = '/apis/tagalong.dev/v1beta1/namespaces/a/chartreleases/web';
const SECRETS = '/api/v1/namespaces/a/secrets';
const RECORD = `${SECRETS}/sh.helm.release.v1.web.v1?fieldManager=tagalong`;
const OBJECT = '/api/v1/namespaces/a/configmaps/web';
const mark = (status: string): string => `{"metadata":{"resourceVersion":"7","labels":{"status":"${status}","modifiedAt":"1"}},"data":{"release":"x"}}`;
const status = (conditions: string): string => `[{"op":"add","path":"/status","value":{${conditions}}}]`;

const requests: readonly (readonly [Place | undefined, string, string, string])[] = [
  ['finalizer', 'PATCH', `${RELEASE}?fieldManager=tagalong`, '{"metadata":{"finalizers":[]}}'],
  ['admit', 'PATCH', `${RELEASE}/status?fieldManager=tagalong-status`, status('"releases":[]')],
  ['report', 'PATCH', `${RELEASE}/status?fieldManager=tagalong-status`, status('"conditions":[{"type":"Ready","status":"True","reason":"InstallSucceeded"}]')],
  [undefined, 'PATCH', `${RELEASE}/status?fieldManager=tagalong-status`, status('"conditions":[{"type":"Ready","status":"False","reason":"Progressing"}]')],
  ['crd', 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldManager=tagalong', '{}'],
  ['open', 'POST', `${SECRETS}?fieldManager=tagalong`, '{"metadata":{"labels":{"status":"pending-install"}}}'],
  ['deployed', 'PATCH', RECORD, mark('deployed')],
  ['superseded', 'PATCH', RECORD, mark('superseded')],
  ['uninstalling', 'PATCH', RECORD, mark('uninstalling')],
  ['failed', 'PATCH', RECORD, mark('failed')],
  ['remove record', 'DELETE', RECORD, '{}'],
  ['apply', 'PATCH', `${OBJECT}?fieldManager=tagalong&force=true`, '{}'],
  [undefined, 'PATCH', `${OBJECT}?fieldManager=tagalong&force=true&dryRun=All`, '{}'],
  ['prune', 'DELETE', OBJECT, '{}'],
  [undefined, 'POST', '/apis/events.k8s.io/v1/namespaces/a/events', '{}'],
];

it.each(requests)('%s: %s %s', (place, method, path, body) => {
  expect(placeOf({ method, path, body })).toBe(place);
});
