import { Normal } from './normal.ts';
import type { Side, WatchEvent } from './sides.ts';
import { collectionsOf, PARTIAL, type Stage, WHOLE } from './trace.ts';
import { lastWritesTo, revisionOf } from './views.ts';

/** The API server bookmarks every minute, and 2 s before a watch ends. */
const BOOKMARKED_S = 8;
/** ChartReleases are served from a later revision on: what was before is not remembered, just as if etcd had been compacted. */
const FORGOTTEN = '1';

/** What a server says of watches themselves: how far they are, by path and form, and that the past of one is forgotten. */
export const noticesOf = async (side: Side, stage: Stage): Promise<unknown> => {
  const collections = collectionsOf(stage);
  const watches = await Promise.all(collections.flatMap((collection) => [WHOLE, PARTIAL].map((accept) => beginOne(side, collection, accept))));
  // The real one has no bookmark for a watch since whose beginning nothing has happened.
  for (const write of lastWritesTo(collections, stage)) await side.ask(write, write.body?.(undefined));
  const bookmarks = await Promise.all(watches.map(async ({ what, events }) => [what, await bookmarkIn(events)] as const));
  return { ...Object.fromEntries(bookmarks), forgotten: await endOf(side, collections.at(-1) ?? '') };
};

const beginOne = async (side: Side, collection: string, accept: string) => {
  const path = `${collection}?watch=true&allowWatchBookmarks=true&timeoutSeconds=${BOOKMARKED_S}&resourceVersion=${await revisionOf(side, `${collection}?`)}`;
  return { what: `${collection} ${accept}`, events: await side.watch(path, accept) };
};

/** Some have more in them, into which nobody looks. */
const bookmarkIn = async (events: AsyncIterable<WatchEvent>): Promise<unknown> => {
  const bookmark = await first(events, ({ type }) => type === 'BOOKMARK');
  return bookmark && { apiVersion: bookmark.object.apiVersion, kind: bookmark.object.kind, metadata: Object.keys(bookmark.object.metadata) };
};

const endOf = async (side: Side, collection: string): Promise<unknown> => {
  const end = await first(await side.watch(`${collection}?watch=true&timeoutSeconds=${BOOKMARKED_S}&resourceVersion=${FORGOTTEN}`, WHOLE), () => true);
  return end && { type: end.type, ...(new Normal().answer({ status: Number(end.object.code), object: end.object }) as object) };
};

const first = async (events: AsyncIterable<WatchEvent>, isIt: (event: WatchEvent) => boolean): Promise<WatchEvent | undefined> => {
  for await (const event of events) if (isIt(event)) return event;
  return undefined;
};
