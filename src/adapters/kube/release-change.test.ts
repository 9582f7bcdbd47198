import { describe, expect, it } from 'vitest';
import { type WatchedRelease, whatChanged } from './release-change.ts';
import { readRelease } from './release-reader.ts';

const OURS = 'finalizers.tagalong.dev/release';

const watched = (metadata: Readonly<Record<string, unknown>> = {}, status: Readonly<Record<string, unknown>> = {}): WatchedRelease => ({
  seen: readRelease({ metadata: { name: 'web', namespace: 'apps', uid: 'u', resourceVersion: '1', generation: 1, ...metadata }, spec: { chart: 'r/a:1' }, status }),
  labels: JSON.stringify(metadata['labels'] ?? {}),
});
const entry = (value: WatchedRelease) => ({ key: 'apps/web', uid: 'u', resourceVersion: value.seen.release.metadata.resourceVersion, value });

describe('whatChanged', () => {
  it.each<readonly [string, WatchedRelease, WatchedRelease, string]>([
    ['another generation the spec', watched(), watched({ generation: 2 }), 'spec'],
    ['another annotation the spec', watched(), watched({ annotations: { a: 'b' } }), 'spec'],
    ['a wish to delete it the spec', watched({ finalizers: [OURS] }), watched({ finalizers: [OURS], deletionTimestamp: '2026-01-01T00:00:00Z' }), 'spec'],
    ['another label meta', watched(), watched({ labels: { a: 'b' } }), 'meta'],
    ['a loss of our finalizer meta', watched({ finalizers: [OURS, 'x/y'] }), watched({ finalizers: ['x/y'] }), 'meta'],
    ['the coming of our finalizer no more than our status', watched(), watched({ finalizers: [OURS] }), 'status'],
    ["others' finalizers no more than our status", watched({ finalizers: [OURS] }), watched({ finalizers: [OURS, 'x/y'] }), 'status'],
    ['our status that', watched(), watched({}, { revision: 1 }), 'status'],
  ])('calls %s', (_name, before, now, what) => {
    expect(whatChanged({ kind: 'Updated', before: entry(before), now: entry(now) })).toBe(what);
  });
});
