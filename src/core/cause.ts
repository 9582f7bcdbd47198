import type { KubeEvent } from './kube-event.ts';
import { type ObjectRef, printRef } from './object-ref.ts';
import { type EventKind, type PodState, type PodTrouble, WEIGHT } from './pod-state.ts';
import type { Unready } from './readiness.ts';
import { logLine, pullWords, steadyWords } from './words.ts';
import type { Workload } from './workload.ts';

/** Why an object is not ready, in one line that stays the same while nothing happens. */
export interface Cause {
  readonly text: string;
  /** How much it says; see WEIGHT. */
  readonly weight: number;
  /** Waiting does not help. */
  readonly isHopeless: boolean;
}

/** What is known of the cause so far, and what else is to be asked. */
export interface Lead extends Cause {
  /** The pod that says most. */
  readonly pod: Pick<PodState, 'name' | 'uid'> | undefined;
  readonly log: { readonly container: string; readonly isPrevious: boolean } | undefined;
  readonly events: EventQuestion | undefined;
}

export type EventQuestion =
  | { readonly about: 'Pod'; readonly uid: string; readonly kind: EventKind }
  | { readonly about: 'Maker'; readonly uid: string; readonly since: number }
  | { readonly about: 'Claim'; readonly uid: string }
  /** Claims of these names. */
  | { readonly about: 'Claims'; readonly names: readonly string[] };

/** What the API server and the kubelet answered; empty where they were not asked or have nothing to say. */
export interface Answers {
  readonly events: readonly KubeEvent[];
  readonly lines: readonly string[];
}

/** Of a workload whose revision began at `since`, in ms: what its pods say, or, where they say nothing, why there are none. */
export const leadOfWorkload = (workload: Workload, pods: readonly PodState[], since: number): Lead => {
  const [worst] = troubled(counting(workload, pods)).toSorted(byWorst);
  if (worst !== undefined) return leadOfPod(worst, `Pod ${worst.name}: `);
  return { ...NOTHING, events: { about: 'Maker', uid: workload.maker, since } };
};

/** Of something that is a pod itself. */
export const leadOfPods = (pods: readonly PodState[]): Lead => {
  const [pod] = troubled(pods);
  return pod === undefined ? NOTHING : leadOfPod(pod, '');
};

/** Of a claim with this UID. */
export const leadOfClaim = (uid: string): Lead => ({ ...NOTHING, events: { about: 'Claim', uid } });

/** The lead with what was answered; undefined where nobody says anything. Of several Events that are told of in turn, the one that the cause before has stays. */
export const causeOf = (lead: Lead, { events, lines }: Answers, before?: Cause): Cause | undefined => {
  const told = lead.events === undefined ? undefined : tellingEvent(lead.events, events, before);
  const log = lines.map(logLine).filter((line) => line !== '');
  const text = [joined(lead.text, told), log.length === 0 ? '' : `its log ends with: ${log.join(' | ')}`].filter((part) => part !== '').join('; ');
  if (text === '') return undefined;
  return { text, weight: Math.max(lead.weight, told?.weight ?? 0), isHopeless: lead.isHopeless };
};

/** Whether it is worth asking again though no pod has changed: something may just be slow, or is told of by Events alone. */
export const isOpen = (lead: Lead): boolean => lead.events !== undefined || lead.weight <= WEIGHT.notReady;

/** Whether it may become ready by itself in a moment: what has just begun says nothing else. */
export const isPerhapsSlow = (lead: Lead): boolean => lead.log === undefined && lead.weight <= WEIGHT.notReady && lead.events?.about !== 'Claim';

/** A verdict that names the cause: in place of the count of what is ready, or after the words of what has failed. What waiting does not help has failed. */
export const withCause = (verdict: Unready, ref: ObjectRef, cause: Cause): Unready => {
  if (verdict.kind === 'Failed') return { ...verdict, message: `${verdict.message.replace(/\.$/, '')}; ${cause.text}` };
  return { kind: cause.isHopeless ? 'Failed' : 'Waiting', message: `${printRef(ref)}: ${cause.text}` };
};

const NOTHING: Lead = { text: '', weight: 0, isHopeless: false, pod: undefined, log: undefined, events: undefined };

interface Troubled extends PodState {
  readonly trouble: PodTrouble;
}

const troubled = (pods: readonly PodState[]): readonly Troubled[] => pods.flatMap((pod) => (pod.trouble === undefined ? [] : [{ ...pod, trouble: pod.trouble }]));

/** A StatefulSet goes on to its newest template only when a pod of an older one is ready: where no other is in trouble, that one holds it back. */
const counting = ({ newest }: Workload, pods: readonly PodState[]): readonly PodState[] => {
  switch (newest.kind) {
    case 'All':
      return pods;
    case 'Youngest': {
      const [youngest] = pods.toSorted(byYoungest);
      return pods.filter(({ revision }) => revision === youngest?.revision);
    }
    case 'Revision': {
      const own = pods.filter(({ revision }) => revision === newest.revision);
      return troubled(own).length > 0 ? own : troubled(pods).map((pod) => ({ ...pod, trouble: { ...pod.trouble, isHopeless: false } }));
    }
  }
};

/** Which of several in the same trouble is named must not depend on the order in which they are found. */
const byWorst = (one: Troubled, other: Troubled): number => other.trouble.weight - one.trouble.weight || byYoungest(one, other);

const byYoungest = (one: PodState, other: PodState): number => compare(other.bornAt, one.bornAt) || compare(one.name, other.name);

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const leadOfPod = ({ name, uid, trouble }: Troubled, prefix: string): Lead => ({
  text: `${prefix}${trouble.text}`,
  weight: trouble.weight,
  isHopeless: trouble.isHopeless,
  pod: { name, uid },
  log: trouble.asks.log,
  events: questionOf(uid, trouble),
});

const questionOf = (uid: string, { asks }: PodTrouble): EventQuestion | undefined => {
  if (asks.events !== undefined) return { about: 'Pod', uid, kind: asks.events };
  return asks.claims === undefined || asks.claims.length === 0 ? undefined : { about: 'Claims', names: asks.claims };
};

interface Told {
  readonly text: string;
  readonly weight: number;
  /** How it follows what the pod says. */
  readonly after: ': ' | '; ';
}

const joined = (text: string, told: Told | undefined): string => {
  if (told === undefined) return text;
  return text === '' ? told.text : `${text}${told.after}${told.text}`;
};

/** What the youngest Event says that answers the question. */
const tellingEvent = (question: EventQuestion, events: readonly KubeEvent[], before: Cause | undefined): Told | undefined => {
  const answers = events.filter((event) => isAnswer(question, event)).toSorted((one, other) => Number(other.isWarning) - Number(one.isWarning) || other.at - one.at);
  const [youngest] = answers;
  if (youngest === undefined) return undefined;
  const inTurn = answers.filter((event) => event.at >= youngest.at - IN_TURN_MS).map((event) => toldBy(question, event));
  return inTurn.find(({ text }) => before?.text.includes(text)) ?? inTurn[0];
};

/** Probes that fail are told of each time, but not all at the same moment. */
const IN_TURN_MS = 120_000;

const isAnswer = (question: EventQuestion, event: KubeEvent): boolean => {
  switch (question.about) {
    case 'Pod':
      return isOfKind(question.kind, event);
    case 'Maker':
      return event.isWarning && event.reason === 'FailedCreate' && event.at >= question.since - CLOCKS_APART_MS;
    case 'Claim':
      return event.message !== '';
    case 'Claims':
      return event.isWarning && question.names.includes(event.about);
  }
};

const isOfKind = (kind: EventKind, { isWarning, reason, message }: KubeEvent): boolean => {
  switch (kind) {
    case 'Pull':
      return reason === 'Failed' && /^failed to pull image/i.test(message);
    case 'Restart':
      return reason === 'Unhealthy' && /^(liveness|startup) /i.test(message);
    case 'Probe':
      return reason === 'Unhealthy';
    case 'Any':
      return isWarning;
  }
};

const toldBy = (question: EventQuestion, event: KubeEvent): Told => {
  const words = steadyWords(event.message);
  const named = `${event.reason}: ${words}`;
  switch (question.about) {
    case 'Pod': {
      if (question.kind === 'Any') return { text: named, weight: WEIGHT.refused, after: ': ' };
      return { text: question.kind === 'Pull' ? pullWords(event.message, imageIn(event.message)) : words, weight: 0, after: ': ' };
    }
    case 'Maker':
      return { text: named, weight: WEIGHT.refused, after: ': ' };
    case 'Claim':
      return { text: named, weight: event.isWarning ? WEIGHT.refused : WEIGHT.pending, after: ': ' };
    case 'Claims':
      return { text: `PersistentVolumeClaim ${event.about}: ${named}`, weight: 0, after: '; ' };
  }
};

/** An Event about an image names it in quotes. */
const imageIn = (message: string): string => /"([^"]*)"/.exec(message)?.[1] ?? '';

/** The clock of the API server need not be ours. */
const CLOCKS_APART_MS = 10_000;
