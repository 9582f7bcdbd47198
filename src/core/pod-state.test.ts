import { describe, expect, it } from 'vitest';
import { type Asks, readPod, WEIGHT } from './pod-state.ts';

type Fields = Readonly<Record<string, unknown>>;

const pod = (status: Fields, spec: Fields = {}, metadata: Fields = {}) => ({ metadata: { name: 'web-1', uid: 'u', ...metadata }, spec, status });
const running = (...containers: readonly Fields[]) => pod({ phase: 'Running', containerStatuses: containers });
const pending = (...containers: readonly Fields[]) => pod({ phase: 'Pending', containerStatuses: containers });
const main = (state: Fields, more: Fields = {}) => ({ name: 'main', image: 'ghcr.io/team/app', ready: false, state, ...more });
const waits = (reason: string, message = '') => ({ waiting: { reason, message } });
const ended = (exitCode: number, more: Fields = {}) => ({ terminated: { exitCode, ...more } });

describe('the trouble of a Pod', () => {
  it.each<readonly [string, unknown, string, keyof typeof WEIGHT, Asks]>([
    [
      'what a container ended with',
      running(main(ended(3, { reason: 'Error' }))),
      'container main exited with 3 (Error)',
      'ended',
      { log: { container: 'main', isPrevious: false } },
    ],
    [
      'the last line that it left as its message',
      running(main(ended(3, { reason: 'Error', message: 'trace\n  at main\nno database\n\n' }))),
      'container main exited with 3 (Error: no database)',
      'ended',
      { log: { container: 'main', isPrevious: false } },
    ],
    [
      'what one that is to be started again ended with, without the pause',
      running(main(waits('CrashLoopBackOff', 'back-off 5m0s restarting failed container=main'), { restartCount: 4, lastState: ended(1, { reason: 'Error' }) })),
      'container main exited with 1 (Error), CrashLoopBackOff',
      'ended',
      { log: { container: 'main', isPrevious: false } },
    ],
    [
      'the same while it runs for the moment',
      running(main({ running: {} }, { restartCount: 4, lastState: ended(1, { reason: 'Error' }) })),
      'container main exited with 1 (Error), CrashLoopBackOff',
      'ended',
      { log: { container: 'main', isPrevious: true } },
    ],
    [
      'the same when it has just ended once more',
      running(main(ended(1, { reason: 'Error' }), { restartCount: 4, lastState: ended(1, { reason: 'Error' }) })),
      'container main exited with 1 (Error), CrashLoopBackOff',
      'ended',
      { log: { container: 'main', isPrevious: false } },
    ],
    [
      'that it is asked of probes where it was stopped',
      running(main(waits('CrashLoopBackOff'), { restartCount: 4, lastState: ended(137, { reason: 'Error' }) })),
      'container main exited with 137 (Error), CrashLoopBackOff',
      'ended',
      { log: { container: 'main', isPrevious: false }, events: 'Restart' },
    ],
    [
      'a want of memory',
      running(main(waits('CrashLoopBackOff'), { lastState: ended(139, { reason: 'OOMKilled' }) })),
      'container main exited with 139 (OOMKilled), CrashLoopBackOff',
      'ended',
      { log: { container: 'main', isPrevious: false } },
    ],
    [
      'the image and the words of the registry',
      pending(
        main(
          waits(
            'ErrImagePull',
            'failed to pull and unpack image "ghcr.io/team/app:latest": failed to resolve reference "ghcr.io/team/app:latest": ghcr.io/team/app:latest: not found',
          ),
        ),
      ),
      'container main: ImagePullBackOff of ghcr.io/team/app: not found',
      'refused',
      {},
    ],
    [
      'the same during the pause',
      pending(
        main(
          waits(
            'ImagePullBackOff',
            'Back-off pulling image "ghcr.io/team/app": ErrImagePull: failed to pull and unpack image "ghcr.io/team/app:latest": ghcr.io/team/app:latest: not found',
          ),
        ),
      ),
      'container main: ImagePullBackOff of ghcr.io/team/app: not found',
      'refused',
      {},
    ],
    [
      'the image alone where Events have the words',
      pending(main(waits('ImagePullBackOff', 'Back-off pulling image "ghcr.io/team/app"'))),
      'container main: ImagePullBackOff of ghcr.io/team/app',
      'refused',
      { events: 'Pull' },
    ],
    ['what cannot be an image', pending(main(waits('InvalidImageName', 'invalid reference format'))), 'container main: InvalidImageName: invalid reference format', 'hopeless', {}],
    ['an image that is not to be pulled', pending(main(waits('ErrImageNeverPull', 'not present'))), 'container main: ErrImageNeverPull: not present', 'hopeless', {}],
    [
      'a Secret that is missing',
      pending(main(waits('CreateContainerConfigError', 'secret "db" not found'))),
      'container main: CreateContainerConfigError: secret "db" not found',
      'refused',
      {},
    ],
    [
      'the one that failed among those that did not',
      running({ name: 'side', state: ended(0) }, main(ended(1))),
      'container main exited with 1',
      'ended',
      { log: { container: 'main', isPrevious: false } },
    ],
    [
      'an init container that fails',
      pod({
        phase: 'Pending',
        initContainerStatuses: [{ name: 'wait', state: waits('CrashLoopBackOff'), lastState: ended(2) }],
        containerStatuses: [main(waits('PodInitializing'))],
      }),
      'init container wait exited with 2, CrashLoopBackOff',
      'ended',
      { log: { container: 'wait', isPrevious: false } },
    ],
    [
      'an init container that goes on',
      pod({ phase: 'Pending', initContainerStatuses: [{ name: 'wait', state: { running: {} } }], containerStatuses: [main(waits('PodInitializing'))] }),
      'init container wait has not completed',
      'pending',
      { log: { container: 'wait', isPrevious: false } },
    ],
    [
      'a sidecar that has not started',
      pod(
        { phase: 'Pending', initContainerStatuses: [{ name: 'proxy', started: false, state: { running: {} } }] },
        { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] },
      ),
      'init container proxy has not started',
      'notReady',
      { events: 'Probe' },
    ],
    ['one that runs and is not ready', running(main({ running: {} })), 'container main is not ready', 'notReady', { events: 'Probe' }],
    [
      'a gate',
      pod({
        phase: 'Running',
        containerStatuses: [main({ running: {} }, { ready: true })],
        conditions: [{ type: 'Ready', status: 'False', message: 'corresponding condition of pod readiness gate "lb" does not exist.' }],
      }),
      'is not ready: corresponding condition of pod readiness gate "lb" does not exist',
      'notReady',
      {},
    ],
    [
      'that no node takes it, in the words of the scheduler',
      pod({
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message:
              "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
          },
        ],
      }),
      "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector",
      'unschedulable',
      {},
    ],
    [
      'that it waits for its claims',
      pod(
        {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.' }],
        },
        {
          volumes: [
            { name: 'a', persistentVolumeClaim: { claimName: 'files' } },
            { name: 'tmp', ephemeral: {} },
            { name: 'c', emptyDir: {} },
          ],
        },
      ),
      'Unschedulable: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims',
      'unschedulable',
      { claims: ['files', 'web-1-tmp'] },
    ],
    ['that it is on its way', pending(main(waits('ContainerCreating'))), 'is pending', 'pending', { events: 'Any' }],
    ['that it is new', pod({}), 'is pending', 'pending', { events: 'Any' }],
    ['that it was evicted, and will be replaced', pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }), 'Evicted: low on memory', 'replaced', {}],
    ['that it was evicted for good', pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, { restartPolicy: 'Never' }), 'Evicted: low on memory', 'ended', {}],
    ['that it has failed', pod({ phase: 'Failed' }, { restartPolicy: 'Never' }), 'has failed', 'ended', {}],
  ])('is %s', (_, object, text, weight, asks) => {
    expect(readPod(object).trouble).toEqual({ text, weight: WEIGHT[weight], isHopeless: weight === 'hopeless', asks });
  });

  it.each([
    ['is ready', pod({ phase: 'Running', containerStatuses: [main({ running: {} }, { ready: true })], conditions: [{ type: 'Ready', status: 'True' }] })],
    [
      'is ready though it was started again',
      pod({ phase: 'Running', containerStatuses: [main({ running: {} }, { ready: true, restartCount: 3, lastState: ended(1) })], conditions: [{ type: 'Ready', status: 'True' }] }),
    ],
    ['has completed', pod({ phase: 'Succeeded', containerStatuses: [main(ended(0))] })],
    ['is being deleted', pod({ phase: 'Running', containerStatuses: [main(ended(1))] }, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ])('is none where it %s', (_, object) => {
    expect(readPod(object).trouble).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['a number', 7],
    ['lists that are maps', { status: { phase: 'Running', containerStatuses: {}, conditions: {} } }],
    ['statuses of null', { status: { containerStatuses: [null] } }],
  ])('can be read of %s', (_, object) => {
    expect(readPod(object)).toMatchObject({ name: '', uid: '' });
  });
});

describe('the revision of a Pod', () => {
  it.each([
    ['the hash of its ReplicaSet', { 'pod-template-hash': 'a', 'controller-revision-hash': 'b' }, 'a'],
    ['the ControllerRevision', { 'controller-revision-hash': 'b' }, 'b'],
    ['empty without either', {}, ''],
  ])('is %s', (_, labels, revision) => {
    expect(readPod({ metadata: { labels } }).revision).toBe(revision);
  });
});
