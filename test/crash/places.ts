import { PLURAL } from '../../src/api/chart-release.ts';
import type { ApiCall } from '../lab/api-call.ts';

/** Where in the order of writes a request stands, from the finalizer to the report, and from `uninstalling` on. */
export type Place = 'finalizer' | 'admit' | 'crd' | 'open' | 'apply' | 'prune' | 'failed' | 'deployed' | 'superseded' | 'remove record' | 'report' | 'uninstalling';

/** The place of a request; undefined for one that writes no state of a release: Events, dry runs, reports that it is not ready yet. */
export const placeOf = ({ method, path, body }: ApiCall): Place | undefined => {
  if (path.includes('dryRun=All') || path.includes('/events')) return undefined;
  if (path.includes(`/${PLURAL}/`)) return placeOfRelease(path, body);
  if (path.includes('/customresourcedefinitions')) return 'crd';
  if (/\/secrets[?/]/.test(path)) return placeOfRecord(method, body);
  return method === 'DELETE' ? 'prune' : 'apply';
};

const placeOfRelease = (path: string, body: string): Place | undefined => {
  if (!path.includes('/status')) return 'finalizer';
  if (/"type":"Ready","status":"True"/.test(body)) return 'report';
  return body.includes('"conditions"') ? undefined : 'admit';
};

const placeOfRecord = (method: string, body: string): Place | undefined => {
  if (method === 'POST') return 'open';
  if (method === 'DELETE') return 'remove record';
  const status = /"status":"(failed|deployed|superseded|uninstalling)"/.exec(body)?.[1];
  return status as Place | undefined; // by the expression
};
