import { ClusterError } from '../../ports/cluster.ts';
import { type Api, readJson } from './api.ts';
import { refusal } from './api-error.ts';
import { fieldsOf, listOf, METADATA_ONLY_LIST, textOf } from './kube-object.ts';
import type { ApiRequest } from './transport.ts';

/** Which objects are listed or watched. */
export interface Selection {
  /** Path of the collection. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly isMetadataOnly: boolean;
  /** Only the first page is listed, of so many objects. */
  readonly most?: number;
}

export type ListPage =
  | { readonly kind: 'Page'; readonly objects: readonly unknown[]; readonly continueToken: string; readonly resourceVersion: string }
  /** 410: the continue token is too old, the list has to start again. */
  | { readonly kind: 'Gone' };

const PAGE_SIZE = 500;
const LIMIT_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 3;

/** One page of a list, from the token of the page before on; the newest state, not one of the server's past. Rejects with ClusterError. */
export const listPage = async (api: Api, action: string, selection: Selection, continueToken: string, parse: (text: string) => unknown, signal: AbortSignal): Promise<ListPage> => {
  const request = listRequest(selection, continueToken);
  const reply = await api.askAny(action, request, signal);
  if (reply.status === 410) return { kind: 'Gone' };
  if (reply.status !== 200) throw refusal(action, request, reply);
  const list = fieldsOf(readJson(action, reply, parse));
  const metadata = fieldsOf(list['metadata']);
  return {
    kind: 'Page',
    objects: listOf(list['items']),
    continueToken: selection.most === undefined ? textOf(metadata['continue']) : '',
    resourceVersion: textOf(metadata['resourceVersion']),
  };
};

/** Objects of one moment, and which that is. */
export interface WholeList {
  readonly objects: readonly unknown[];
  readonly resourceVersion: string;
}

/** All objects of a selection. Rejects with ClusterError. */
export const listAll = async (api: Api, action: string, selection: Selection, signal: AbortSignal): Promise<WholeList> => {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const list = await listOnce(api, action, selection, signal);
    if (list !== undefined) return list;
  }
  throw new ClusterError('Unavailable', `cannot ${action}: the list expired before its last page, ${MAX_TRIES} times`);
};

/** Undefined where the list expired: pages of two moments must not be mixed. */
const listOnce = async (api: Api, action: string, selection: Selection, signal: AbortSignal): Promise<WholeList | undefined> => {
  const collected: unknown[] = [];
  for (let token = ''; ; ) {
    const page = await listPage(api, action, selection, token, JSON.parse, signal);
    if (page.kind === 'Gone') return undefined;
    collected.push(...page.objects);
    if (page.continueToken === '') return { objects: collected, resourceVersion: page.resourceVersion };
    token = page.continueToken;
  }
};

const listRequest = (selection: Selection, continueToken: string): ApiRequest => {
  const query = new URLSearchParams({ limit: String(selection.most ?? PAGE_SIZE) });
  if (selection.labelSelector !== undefined) query.set('labelSelector', selection.labelSelector);
  if (selection.fieldSelector !== undefined) query.set('fieldSelector', selection.fieldSelector);
  if (continueToken !== '') query.set('continue', continueToken);
  const request = { method: 'GET', path: `${selection.path}?${query}`, limitBytes: LIMIT_BYTES } as const;
  return selection.isMetadataOnly ? { ...request, accept: METADATA_ONLY_LIST } : request;
};
