import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutToBytes, eventOf, microTime } from './event-object.ts';

const release = {
  apiVersion: 'tagalong.dev/v1beta1',
  kind: 'ChartRelease',
  metadata: { name: 'web', namespace: 'apps', uid: 'u', resourceVersion: '5', generation: 1 },
  status: {},
} as const;
const announcement = { type: 'Normal', reason: 'UpgradeSucceeded', action: 'Upgrade', message: 'm', annotations: { 'tagalong.dev/revision': '3' } } as const;
const reporter = { controller: 'tagalong.dev/operator', instance: 'pod-1' };

describe('eventOf', () => {
  it('regards the release', () => {
    expect(eventOf(release, announcement, reporter, 1_750_000_000_123, '0123456789abcdef')).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'web.0123456789abcdef', namespace: 'apps', annotations: { 'tagalong.dev/revision': '3' } },
      eventTime: '2025-06-15T15:06:40.123000Z',
      type: 'Normal',
      reason: 'UpgradeSucceeded',
      action: 'Upgrade',
      note: 'm',
      regarding: { apiVersion: 'tagalong.dev/v1beta1', kind: 'ChartRelease', name: 'web', namespace: 'apps', uid: 'u', resourceVersion: '5' },
      reportingController: 'tagalong.dev/operator',
      reportingInstance: 'pod-1',
    });
  });
});

describe('microTime', () => {
  it('has six digits', () => {
    expect(microTime(0)).toBe('1970-01-01T00:00:00.000000Z');
  });
});

describe('cutToBytes', () => {
  it('gives the longest whole beginning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, maxBytes) => {
        const cut = cutToBytes(text, maxBytes);
        const next = [...text.slice(cut.length)][0] ?? '';
        expect(text.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(next === '' || Buffer.byteLength(cut + next) > maxBytes).toBe(true);
      }),
    );
  });
});
