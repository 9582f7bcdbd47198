import { API_VERSION, KIND } from '../../api/chart-release.ts';
import type { Announcement, Subject } from '../../ports/events.ts';

/** Who reports events: the controller, and which instance of it. */
export interface Reporter {
  readonly controller: string;
  readonly instance: string;
}

const MAX_NOTE_BYTES = 1024;
const MAX_REASON = 128;
/** An object's name has 253 characters at most, 17 of which make an Event's name unique. */
const MAX_NAME = 236;

/** An Event of events.k8s.io/v1. `unique` is a text of 16 hexadecimal digits that no other Event has. */
export const eventOf = (subject: Subject, announcement: Announcement, reporter: Reporter, nowMs: number, unique: string): unknown => {
  const { apiVersion = API_VERSION, kind = KIND, metadata } = subject;
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, MAX_NAME).replace(/[.-]+$/, '')}.${unique}`, namespace: namespaceOf(subject), annotations: announcement.annotations },
    eventTime: microTime(nowMs),
    type: announcement.type,
    reason: announcement.reason.slice(0, MAX_REASON),
    action: announcement.action.slice(0, MAX_REASON),
    note: cutToBytes(announcement.message, MAX_NOTE_BYTES),
    regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, MAX_REASON),
  };
};

/** Where Events about it are: those about objects of cluster scope are in `default`. */
export const namespaceOf = ({ metadata }: Subject): string => metadata.namespace || 'default';

/** Kubernetes' MicroTime: RFC 3339 with six digits after the second. */
export const microTime = (nowMs: number): string => new Date(nowMs).toISOString().replace('Z', '000Z');

/** The longest beginning of a text that has so many bytes of UTF-8 and no half character. */
export const cutToBytes = (text: string, maxBytes: number): string => {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // Bytes 10xxxxxx go on with a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
};
