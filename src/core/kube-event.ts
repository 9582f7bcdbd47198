import { epochMsOf } from '../api/time.ts';
import { numberAt, textAt } from './fields.ts';

/** An Event as far as it says why something is as it is. */
export interface KubeEvent {
  readonly isWarning: boolean;
  readonly reason: string;
  readonly message: string;
  /** Name of the object that it is about. */
  readonly about: string;
  /** When it was seen last, in ms. */
  readonly at: number;
}

/** Reads a parsed Event of `v1`, nothing of which is trusted. */
export const readEvent = (event: unknown): KubeEvent => ({
  isWarning: textAt(event, 'type') === 'Warning',
  reason: textAt(event, 'reason'),
  message: textAt(event, 'message'),
  about: textAt(event, 'involvedObject', 'name'),
  at:
    (numberAt(event, 'series', 'count') === undefined ? undefined : whenOf(event, 'series', 'lastObservedTime')) ??
    whenOf(event, 'lastTimestamp') ??
    whenOf(event, 'eventTime') ??
    0,
});

const whenOf = (event: unknown, ...path: readonly string[]): number | undefined => {
  const text = textAt(event, ...path);
  return text === '' ? undefined : epochMsOf(text);
};
