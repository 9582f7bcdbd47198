import { describe, expect, it } from 'vitest';
import type { ObjectChange } from '../core/readiness.ts';
import { type ObjectRef, refKey } from '../core/object-ref.ts';
import type { PlannedObject } from '../core/plan.ts';
import type { SeenObject, StandingObject } from '../core/standing.ts';
import { type AppliedAnswer, type Cluster, ClusterError, type LiveObject } from '../ports/cluster.ts';
import type { Sight } from '../ports/imprints.ts';
import { apply } from './apply.ts';

const REF: ObjectRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'apps', name: 'web' };
const OBJECT: PlannedObject = { ref: REF, source: 'web/templates/web.yaml', isKept: false, digest: 'd1', json: new Uint8Array() };
const LAST: StandingObject = { digest: 'd1', answer: { ref: REF, uid: 'u1', resourceVersion: '7', ownFields: 'f1', change: 'Configured' } };
const LIVE: LiveObject = { uid: 'u1', resourceVersion: '8', labels: {}, annotations: {}, madeAt: 0, isTerminating: false, controller: undefined, ownFields: 'f1', managed: [] };
const SENT: AppliedAnswer = { ...LIVE, resourceVersion: '9', isCreated: false };
const SEEN: SeenObject = { uid: 'u1', resourceVersion: '7', imprint: 'f1', isShared: false, isTerminating: false, isFollowed: true };
const UNKNOWN: Sight = { kind: 'Unknown' };

/** A cluster with that object, which is not to be looked at where it is undefined. */
const clusterOf = (live: LiveObject | undefined): Cluster =>
  ({
    look: async () => {
      if (live === undefined) throw new ClusterError('Unavailable', 'nobody was to look');
      return live;
    },
    apply: async () => SENT,
  }) as unknown as Cluster; // what apply does not use is left out

describe('apply', () => {
  it.each<{ readonly of: string; readonly digest?: string; readonly sight: Sight; readonly live?: LiveObject; readonly expected: readonly [ObjectChange, string] }>([
    { of: 'does not even look at an object that the watch has as it was applied', sight: { kind: 'Seen', ...SEEN }, expected: ['Unchanged', '7'] },
    { of: 'tells the version that the watch has', sight: { kind: 'Seen', ...SEEN, resourceVersion: '8' }, expected: ['Unchanged', '8'] },
    { of: 'looks where the watch does not say enough', sight: UNKNOWN, live: LIVE, expected: ['Unchanged', '8'] },
    { of: 'looks where the watch has not come so far, and does not send', sight: { kind: 'Seen', ...SEEN, resourceVersion: '6' }, live: LIVE, expected: ['Unchanged', '8'] },
    { of: 'sends an object of which somebody took a field', sight: { kind: 'Seen', ...SEEN, imprint: 'f2' }, live: { ...LIVE, ownFields: 'f2' }, expected: ['Configured', '9'] },
    { of: 'sends an object that has changed, whatever the watch has', digest: 'd2', sight: { kind: 'Seen', ...SEEN }, expected: ['Configured', '9'] },
  ])('$of', async ({ digest = 'd1', sight, live, expected }) => {
    const input = { objects: [{ ...OBJECT, digest }], standing: new Map([[refKey(REF), LAST]]), sightOf: () => sight, force: false, mayGoOn: async () => undefined };
    const applying = await apply(clusterOf(live), input, new AbortController().signal);
    const [change, resourceVersion] = expected;
    expect(applying).toEqual({ kind: 'Applied', objects: [{ ref: REF, uid: 'u1', resourceVersion, ownFields: 'f1', change, isShared: false }] });
  });
});
