import { describe, expect, it } from 'vitest';
import { timestamp } from './time.ts';

describe('timestamp', () => {
  it.each([
    ['whole seconds', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['the second that has begun', '2026-01-02T03:04:05.999Z', '2026-01-02T03:04:05Z'],
    ['UTC', '2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05Z'],
  ])('writes %s', (_name, time, expected) => {
    expect(timestamp(Date.parse(time))).toBe(expected);
  });
});
