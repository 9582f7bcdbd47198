/** A request to the API server, as whoever stands in between sees it. */
export interface ApiCall {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Empty for a read. */
  readonly body: string;
}

/** What a request asks for. Discovery is `get`; `apply` is server-side apply, `patch` every other PATCH. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'apply' | 'patch' | 'delete';

/** What a request with this method, path and content type asks for. */
export const verbOf = (method: string, path: string, contentType = ''): Verb => {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return contentType.startsWith('application/apply-patch') ? 'apply' : 'patch';
    case 'DELETE':
      return 'delete';
    default:
      return verbOfRead(path);
  }
};

const verbOfRead = (path: string): Verb => {
  if (/[?&]watch=(true|1)/.test(path)) return 'watch';
  return isOfCollection(path) ? 'list' : 'get';
};

/** `/api/v1/...` and `/apis/<group>/<version>/...`; below them a resource, or one in a namespace. */
const isOfCollection = (path: string): boolean => {
  const parts = (path.split('?')[0] ?? '').split('/').filter((part) => part !== '');
  const below = parts.slice(parts[0] === 'api' ? 2 : 3);
  return (below[0] === 'namespaces' && below.length > 2 ? below.slice(2) : below).length === 1;
};
