import { at, listAt, numberAt, textAt } from './fields.ts';
import { pullWords, steadyWords } from './words.ts';

/** A Pod as far as it says why what it belongs to is not ready. Equal for as long as nothing happens to it. */
export interface PodState {
  readonly name: string;
  readonly uid: string;
  /** RFC 3339. */
  readonly bornAt: string;
  /** Which version of its template it was made from; empty where that is not said. */
  readonly revision: string;
  /** Undefined where nothing is wrong with it. */
  readonly trouble: PodTrouble | undefined;
}

export interface PodTrouble {
  readonly weight: Weight;
  readonly text: string;
  /** Waiting does not help: its template has to change. */
  readonly isHopeless: boolean;
  /** What may say more. */
  readonly asks: Asks;
}

/** What else may say why, beside what status says. */
export interface Asks {
  readonly log?: { readonly container: string; readonly isPrevious: boolean };
  readonly events?: EventKind;
  /** Names of the claims whose Events may say more. */
  readonly claims?: readonly string[];
}

/** Which Events of a pod are meant: of its image, of a probe that has it restarted, of any probe, all warnings. */
export type EventKind = 'Pull' | 'Restart' | 'Probe' | 'Any';

/** How much a trouble says about why something is not ready; what is Pending may just be slow. */
export const WEIGHT = { pending: 1, replaced: 2, notReady: 3, unschedulable: 4, refused: 5, ended: 6, hopeless: 7 } as const;
export type Weight = (typeof WEIGHT)[keyof typeof WEIGHT];

/** Reads a parsed Pod, nothing of which is trusted. */
export const readPod = (pod: unknown): PodState => ({
  name: textAt(pod, 'metadata', 'name'),
  uid: textAt(pod, 'metadata', 'uid'),
  bornAt: textAt(pod, 'metadata', 'creationTimestamp'),
  revision: textAt(pod, 'metadata', 'labels', 'pod-template-hash') || textAt(pod, 'metadata', 'labels', 'controller-revision-hash'),
  trouble: textAt(pod, 'metadata', 'deletionTimestamp') === '' ? troubleOf(pod) : undefined,
});

const troubleOf = (pod: unknown): PodTrouble | undefined => {
  const phase = textAt(pod, 'status', 'phase');
  if (phase === 'Succeeded') return undefined;
  const own = wholePod(pod, phase);
  if (own !== undefined) return own;
  const told = [...listAt(pod, 'status', 'initContainerStatuses').map(init(pod)), ...listAt(pod, 'status', 'containerStatuses').map(container)].filter((one) => one !== undefined);
  const [most] = told.toSorted((one, other) => other.weight - one.weight);
  if (most !== undefined) return phase === 'Failed' ? { ...most, weight: failedWeight(pod) } : most;
  return unready(pod, phase);
};

/** One that is to run for ever and does not any more gets a successor, which says more. */
const failedWeight = (pod: unknown): Weight => (['Never', 'OnFailure'].includes(textAt(pod, 'spec', 'restartPolicy')) ? WEIGHT.ended : WEIGHT.replaced);

/** What the pod says of itself: it was evicted, has no node, or waits for somebody else's word. */
const wholePod = (pod: unknown, phase: string): PodTrouble | undefined => {
  const [reason, message] = [textAt(pod, 'status', 'reason'), steadyWords(textAt(pod, 'status', 'message'))];
  if (reason !== '') return trouble(phase === 'Failed' ? failedWeight(pod) : WEIGHT.refused, joined(reason, message));
  const unscheduled = condition(pod, 'PodScheduled');
  if (unscheduled?.status !== 'False') return undefined;
  const words = joined(unscheduled.reason, steadyWords(unscheduled.message));
  return trouble(WEIGHT.unschedulable, words || 'Unschedulable', /persistentvolumeclaim/i.test(words) ? { claims: claimsOf(pod) } : {});
};

/** No container says anything: the pod is on its way, or ready but for a gate. */
const unready = (pod: unknown, phase: string): PodTrouble | undefined => {
  if (phase === 'Failed') return trouble(failedWeight(pod), 'has failed');
  const ready = condition(pod, 'Ready');
  if (ready?.status === 'True') return undefined;
  if (phase === 'Running') return trouble(WEIGHT.notReady, joined('is not ready', steadyWords(ready?.message ?? '')));
  return trouble(WEIGHT.pending, 'is pending', { events: 'Any' });
};

const init =
  (pod: unknown) =>
  (status: unknown): PodTrouble | undefined => {
    const name = textAt(status, 'name');
    const told = endOrRefusal(status, `init container ${name}`);
    if (told !== undefined) return told;
    const isSidecar = listAt(pod, 'spec', 'initContainers').some((one) => textAt(one, 'name') === name && textAt(one, 'restartPolicy') === 'Always');
    if (at(status, 'state', 'running') === undefined) return undefined;
    if (!isSidecar) return trouble(WEIGHT.pending, `init container ${name} has not completed`, { log: { container: name, isPrevious: false } });
    return at(status, 'started') === false ? trouble(WEIGHT.notReady, `init container ${name} has not started`, { events: 'Probe' }) : undefined;
  };

const container = (status: unknown): PodTrouble | undefined => {
  const name = textAt(status, 'name');
  const told = endOrRefusal(status, `container ${name}`);
  if (told !== undefined) return told;
  const isRunning = at(status, 'state', 'running') !== undefined && at(status, 'ready') === false;
  return isRunning ? trouble(WEIGHT.notReady, `container ${name} is not ready`, { events: 'Probe' }) : undefined;
};

const endOrRefusal = (status: unknown, who: string): PodTrouble | undefined => {
  const reason = textAt(status, 'state', 'waiting', 'reason');
  return ended(status, who, reason) ?? refused(status, who, reason);
};

/** It has ended, or ended before and is to be, or was, started again. */
const ended = (status: unknown, who: string, waiting: string): PodTrouble | undefined => {
  const now = at(status, 'state', 'terminated');
  const before = at(status, 'lastState', 'terminated');
  const isLoop = waiting === 'CrashLoopBackOff' || (numberAt(status, 'restartCount') ?? 0) > 1;
  const end = now ?? before;
  const code = numberAt(end, 'exitCode');
  if (code === undefined || (code === 0 && waiting !== 'CrashLoopBackOff') || (now === undefined && at(status, 'ready') === true)) return undefined;
  const why = joined(textAt(end, 'reason'), steadyWords(lastLine(textAt(end, 'message'))));
  const isPrevious = at(status, 'state', 'running') !== undefined;
  return trouble(WEIGHT.ended, `${who} exited with ${code}${why === '' ? '' : ` (${why})`}${isLoop ? ', CrashLoopBackOff' : ''}`, {
    log: { container: textAt(status, 'name'), isPrevious },
    ...(STOPPED.has(code) && { events: 'Restart' as const }),
  });
};

/** What a container ends with that was stopped because of a probe, as it takes the signal. */
const STOPPED: ReadonlySet<number> = new Set([0, 137, 143]);

/** It waits for something that is said by its reason. */
const refused = (status: unknown, who: string, reason: string): PodTrouble | undefined => {
  if (reason === '' || ON_ITS_WAY.has(reason)) return undefined;
  const message = textAt(status, 'state', 'waiting', 'message');
  if (PULLING.has(reason)) {
    const image = textAt(status, 'image');
    const words = pullWords(message, image);
    // Both reasons come in turn, for as long as it is tried.
    const text = `${who}: ImagePullBackOff of ${image}`;
    return trouble(WEIGHT.refused, joined(text, words), words === '' ? { events: 'Pull' } : {});
  }
  const isHopeless = HOPELESS.has(reason);
  return trouble(isHopeless ? WEIGHT.hopeless : WEIGHT.refused, `${who}: ${joined(reason, steadyWords(message))}`, {}, isHopeless);
};

const ON_ITS_WAY: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);
const PULLING: ReadonlySet<string> = new Set(['ErrImagePull', 'ImagePullBackOff']);
/** The kubelet does not get any further with this template, however long it tries. */
const HOPELESS: ReadonlySet<string> = new Set(['InvalidImageName', 'ErrImageNeverPull']);

const trouble = (weight: Weight, text: string, asks: Asks = {}, isHopeless = false): PodTrouble => ({ weight, text, isHopeless, asks });

const joined = (...words: readonly string[]): string => words.filter((word) => word !== '').join(': ');

/** The end of a text says why; with `FallbackToLogsOnError` a termination message is a piece of the log. */
const lastLine = (text: string): string =>
  text
    .split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim() ?? '';

const claimsOf = (pod: unknown): readonly string[] =>
  listAt(pod, 'spec', 'volumes')
    .map((volume) =>
      at(volume, 'ephemeral') === undefined ? textAt(volume, 'persistentVolumeClaim', 'claimName') : `${textAt(pod, 'metadata', 'name')}-${textAt(volume, 'name')}`,
    )
    .filter((name) => name !== '');

const condition = (pod: unknown, type: string): { readonly status: string; readonly reason: string; readonly message: string } | undefined => {
  const found = listAt(pod, 'status', 'conditions').find((one) => textAt(one, 'type') === type);
  return found === undefined ? undefined : { status: textAt(found, 'status'), reason: textAt(found, 'reason'), message: textAt(found, 'message') };
};
