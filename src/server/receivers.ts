import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { hintsIn, type PushHint, type Sender } from '../core/push-event.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Answer } from './http-server.ts';

/** Takes the notifications of one sender. */
export interface Receiver {
  /** Its path is `/hook/<name>`. */
  readonly name: string;
  readonly type: Sender;
  /** The registry that it speaks for, whatever its notifications say; undefined where they are right. */
  readonly registry: string | undefined;
  /** What the sender shares with us; undefined while it cannot be read. */
  readonly secret: () => Promise<string | undefined>;
}

export interface ReceiversOptions {
  readonly receivers: readonly Receiver[];
  /** Takes hints; says nothing of what came of them. */
  readonly hint: (hint: PushHint) => void;
  readonly now: () => number;
}

/** A notification as it came. */
export interface Notification {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** So many notifications of one receiver at once, and then so many a second. */
const BURST = 60;
const PER_SECOND = 2;

/** Answers notifications: 202 to those that are what they say they are, the same 403 to all others. */
export const receiving = ({ receivers, hint, now }: ReceiversOptions): ((notification: Notification) => Promise<Answer>) => {
  const known = new Map(receivers.map((receiver) => [receiver.name, { receiver, bucket: new TokenBucket({ burst: BURST, perSecond: PER_SECOND }, now) }]));
  return async (notification) => {
    const [, name = '', token] = PATH.exec(notification.path) ?? [];
    const found = known.get(name);
    const secret = await found?.receiver.secret();
    // Who does not exist takes as long as who is refused.
    const isSenders = isFrom(found?.receiver.type ?? 'generic', secret ?? '', notification, token);
    if (found === undefined || secret === undefined || !isSenders) return REFUSED;
    if (!found.bucket.take()) return BUSY;
    const { type, registry } = found.receiver;
    for (const one of hintsIn(type, parsed(notification.body))) hint(registry === undefined ? one : { ...one, registry });
    return DONE;
  };
};

const PATH = /^\/hook\/([a-z0-9-]{1,63})(?:\/([^/]{1,256}))?$/;

const text = (status: number, body: string): Answer => ({ status, contentType: 'text/plain; charset=utf-8', body });
const DONE = text(202, 'thank you\n');
const REFUSED = text(403, 'there is no such receiver, or the notification is not signed as it should be\n');
const BUSY = text(429, 'too many notifications: what was pushed is seen by the next poll\n');

/** Whether the notification proves that its sender knows the secret: by a signature of its bytes where the sender can sign, else by the secret itself. */
const isFrom = (type: Sender, secret: string, { headers, body }: Notification, token: string | undefined): boolean => {
  switch (type) {
    case 'github':
      return isSigned(secret, body, headers['x-hub-signature-256']);
    case 'generic':
      return isSigned(secret, body, headers['x-signature']);
    case 'distribution':
    case 'harbor':
      return isSame(secret, (headers.authorization ?? '').replace(/^Bearer /i, ''));
    case 'dockerhub':
      // It can be told nothing but a URL.
      return isSame(secret, token ?? '');
  }
};

const isSigned = (secret: string, body: Buffer, header: string | readonly string[] | undefined): boolean =>
  isSame(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`, typeof header === 'string' ? header.toLowerCase() : '');

/** In the same time whatever differs, length included. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest());

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
};
