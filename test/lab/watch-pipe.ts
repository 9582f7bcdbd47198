import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeenCall } from './steering.ts';

/** One event of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: {
    readonly kind: string;
    /** A bookmark has no name. */
    readonly metadata: { readonly name?: string; readonly namespace?: string; readonly resourceVersion: string; readonly labels?: Readonly<Record<string, string>> };
  };
  /** As the API server sent it, without its end of line. */
  readonly line: string;
}

/** What becomes of an event. */
export interface Passing {
  /** What the client gets in its place, ends of lines and all; empty for nothing. */
  readonly text: string;
  /** So late; what comes behind it waits too. */
  readonly delayMs?: number;
  /** Called when the text was handed to the client's connection. */
  readonly passed?: () => void;
  /** After it the watch ends, its connection breaks, or nothing more comes by it though it stays open. */
  readonly ends?: 'Ended' | 'Reset' | 'Silent';
}

/** What becomes of an event of the watch that was asked for so; undefined to pass it on. Asked once for each event. */
export type Edit = (event: WatchEvent, call: SeenCall) => Passing | undefined;

/** Passes a watch on, event by event. Resolves when either side has ended it. */
export const pipeWatch = async (source: IncomingMessage, client: ServerResponse, edit: (event: WatchEvent) => Passing | undefined): Promise<void> => {
  client.on('close', () => source.destroy());
  let last: Promise<boolean> = Promise.resolve(true);
  try {
    for await (const line of linesOf(source)) {
      const event = { ...(JSON.parse(line) as Omit<WatchEvent, 'line'>), line }; // what the API server sends
      const passing = edit(event) ?? { text: `${line}\n` };
      const [before, arrivedAt] = [last, Date.now()];
      last = before.then((isOpen) => isOpen && pass(client, passing, arrivedAt));
      if (passing.delayMs === undefined && !(await last)) break;
    }
  } catch {
    await last;
    client.destroy(); // broken on that side, so on this one
    return;
  }
  if (await last) client.end();
};

/** False when nothing more is to be passed. */
const pass = async (client: ServerResponse, { text, delayMs = 0, passed, ends }: Passing, arrivedAt: number): Promise<boolean> => {
  const waitMs = arrivedAt + delayMs - Date.now();
  if (waitMs > 0) await delay(waitMs);
  if (client.destroyed || client.writableEnded) return false;
  if (text !== '') await new Promise<void>((written) => client.write(text, () => written()));
  passed?.();
  if (ends === 'Ended') client.end();
  if (ends === 'Reset') client.destroy();
  return ends === undefined;
};

async function* linesOf(source: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of source.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
