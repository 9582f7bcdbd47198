import { expect, it } from 'vitest';
import { verbOf } from './api-call.ts';

it.each([
  ['GET', '/api', '', 'get'],
  ['GET', '/api/v1', '', 'get'],
  ['GET', '/apis/apps/v1', '', 'get'],
  ['GET', '/api/v1/namespaces', '', 'list'],
  ['GET', '/api/v1/namespaces/a', '', 'get'],
  ['GET', '/api/v1/secrets?limit=500&labelSelector=owner%3Dhelm', '', 'list'],
  ['GET', '/api/v1/secrets?watch=true&resourceVersion=7', '', 'watch'],
  ['GET', '/api/v1/namespaces/a/configmaps?limit=500', '', 'list'],
  ['GET', '/api/v1/namespaces/a/configmaps/b', '', 'get'],
  ['GET', '/apis/apps/v1/namespaces/a/deployments', '', 'list'],
  ['GET', '/apis/apps/v1/namespaces/a/deployments/b/status', '', 'get'],
  ['GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/b', '', 'get'],
  ['POST', '/api/v1/namespaces/a/secrets', 'application/json', 'create'],
  ['PUT', '/api/v1/namespaces/a/secrets/b', 'application/json', 'update'],
  ['PATCH', '/api/v1/namespaces/a/configmaps/b?force=true', 'application/apply-patch+yaml', 'apply'],
  ['PATCH', '/api/v1/namespaces/a/secrets/b', 'application/merge-patch+json', 'patch'],
  ['DELETE', '/api/v1/namespaces/a/secrets/b', 'application/json', 'delete'],
] as const)('%s %s (%s) is %s', (method, path, contentType, verb) => {
  expect(verbOf(method, path, contentType)).toBe(verb);
});
