import { describe, expect, it } from 'vitest';
import { podWords, tellingContainer } from './pod-state.ts';

const pod = (...containers: readonly Readonly<Record<string, unknown>>[]) => ({ status: { containerStatuses: containers } });
const ended = (exitCode: number, more = {}) => ({ terminated: { exitCode, ...more } });

describe('the container that tells most', () => {
  it.each([
    ['what it ended with', pod({ name: 'main', state: ended(3, { reason: 'Error', message: 'no database\n' }) }), 'container main exited with 3 (Error: no database)'],
    ['what it waits for', pod({ name: 'main', state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off' } } }), 'container main: ImagePullBackOff (Back-off)'],
    ['what it ended with before', pod({ name: 'main', state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(1) }), 'container main exited with 1, CrashLoopBackOff'],
    ['the one that failed among those that did not', pod({ name: 'side', state: ended(0) }, { name: 'main', state: ended(1) }), 'container main exited with 1'],
    ['the one that waits rather than one that ended well', pod({ name: 'side', state: ended(0) }, { name: 'main', state: { waiting: { reason: 'X' } } }), 'container main: X'],
    [
      'an init container',
      { status: { initContainerStatuses: [{ name: 'init', state: ended(2) }], containerStatuses: [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }] } },
      'container init exited with 2',
    ],
  ])('says %s', (_, status, text) => {
    expect(tellingContainer(status)?.text).toBe(text);
  });

  it.each([
    ['nothing', undefined],
    ['containers that are a map', { status: { containerStatuses: {} } }],
    ['one that runs', pod({ name: 'main', state: { running: {} } })],
    ['null', pod()],
  ])('is none where there is %s', (_, status) => {
    expect(tellingContainer(status)).toBeUndefined();
  });
});

describe('words of a Pod', () => {
  it.each([
    ['why it was ended', { status: { reason: 'Evicted', message: 'low on memory' } }, 'Evicted: low on memory'],
    ['why it has no node', { status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }] } }, '0/1 nodes are available'],
    ['nothing', {}, ''],
  ])('say %s', (_, status, words) => {
    expect(podWords(status)).toBe(words);
  });
});
