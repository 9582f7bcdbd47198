import type { Api } from '../../../src/adapters/kube/api.ts';
import type { ApiServer } from '../api/server.ts';
import type { Live, Operation } from './trace.ts';

/** What a server answers. */
export interface SideAnswer {
  readonly status: number;
  readonly object: unknown;
}

/** A server that a trace is played on. */
export type Side = (operation: Pick<Operation, 'method' | 'path' | 'accept' | 'contentType'>, body: unknown) => Promise<SideAnswer>;

/** The model. */
export const modelSide =
  (server: ApiServer): Side =>
  async ({ method, path, accept = 'application/json', contentType = 'application/json' }, body) => {
    const answer = server.answer({ method, path, headers: { accept, 'content-type': contentType }, body: body === undefined ? '' : JSON.stringify(body) });
    return { status: answer.status, object: JSON.parse(answer.body) as unknown };
  };

/** A real API server. */
export const realSide =
  (api: Api, signal: AbortSignal): Side =>
  async ({ method, path, accept = 'application/json', contentType = 'application/json' }, body) => {
    const reply = await api.askAny(`${method} ${path}`, { method, path, accept, contentType, ...(body !== undefined && { body: JSON.stringify(body) }) }, signal);
    return { status: reply.status, object: JSON.parse(reply.body.toString()) as unknown };
  };

/** Plays an operation on a side: what it needs to know of an object it looks up there first. */
export const play = async (side: Side, operation: Operation): Promise<SideAnswer> => {
  const live = operation.about === undefined ? undefined : await side({ method: 'GET', path: operation.about }, undefined);
  return side(operation, operation.body?.(live?.status === 200 ? (live.object as Live) : undefined)); // an object
};
