import type { LookupQuestion } from '../../core/lookup.ts';
import type { LookUp, RenderedHook, RenderedObject, RenderRequest } from '../../ports/renderer.ts';

/** The protocol that this side speaks; an engine that names another one is not used. */
export const PROTOCOL = 3;

/** What an engine says before anything else. */
export interface Ready {
  readonly helm: string;
}

/** Place in the frame's attachment: offset and length, in bytes. */
type Span = readonly [offset: number, length: number];

/** A request as it goes out: its header, but for the id, and what its spans point into. */
export interface Message {
  readonly header: RenderHeader | ReadHeader | AnswerHeader;
  readonly attachment: readonly Uint8Array[];
}

interface RenderHeader {
  readonly op: 'render';
  readonly chart: ChartHeader;
  readonly values: readonly ValuesHeader[];
  readonly release: RenderRequest['release'];
  readonly capabilities: RenderRequest['capabilities'];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly skipSchemaValidation: boolean;
  /** Whether lookups are answered. */
  readonly lookups: boolean;
}

/** Fields that say nothing are left out. */
export interface ValuesHeader {
  readonly text: string;
  readonly name: string;
  readonly targetPath?: string;
  readonly literal: boolean;
  readonly secret: boolean;
}

export interface ChartHeader {
  readonly digest: string;
  /** Absent when the engine is believed to hold the chart; else their bytes are the attachment, in this order. */
  readonly files?: readonly { readonly name: string; readonly size: number }[];
  readonly overrides?: { readonly name: string; readonly version: string; readonly apiVersion: string };
}

interface ReadHeader {
  readonly op: 'read';
  readonly manifest: Span;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The answer to the question of that number, in the same request. */
interface AnswerHeader {
  readonly op: 'answer';
  readonly number: number;
  readonly pages: readonly Span[];
  /** Why there is none; empty where there is. */
  readonly failure: string;
}

export const FAILURE_CODES = [
  'ChartInvalid',
  'ValuesInvalid',
  'SchemaRefused',
  'TemplateFailed',
  'ManifestInvalid',
  'KubeVersionUnsupported',
  'LookupFailed',
  'TooLarge',
  'Internal',
  // A renderer behind a socket says these of its engines; an engine never does.
  'ResourceExceeded',
  'Unavailable',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

/** What a template wants to know, in the middle of a request, and who answers. */
export interface Inquiry {
  readonly lookUp: LookUp;
  readonly number: number;
  readonly question: LookupQuestion;
}

/** A reply that was checked; its bytes are parts of the frame, not copies. */
export type Reply = ChartNeededReply | RenderedReply | ReadReply | FailedReply;

/** The engine has forgotten the chart: the same request again, with files. */
interface ChartNeededReply {
  readonly kind: 'chartNeeded';
}

export interface RenderedReply {
  readonly kind: 'rendered';
  readonly chart: { readonly name: string; readonly version: string; readonly appVersion: string };
  readonly notes: string;
  readonly manifest: Uint8Array;
  readonly objects: readonly RenderedObject[];
  readonly crds: readonly RenderedObject[];
  readonly hooks: readonly RenderedHook[];
  readonly recordChart: Uint8Array;
  readonly recordHooks: Uint8Array;
  readonly config: Uint8Array;
}

export interface ReadReply {
  readonly kind: 'read';
  readonly objects: readonly RenderedObject[];
}

export interface FailedReply {
  readonly kind: 'failed';
  readonly code: FailureCode;
  /** Helm's own words, of any length. */
  readonly message: string;
  /** Empty where no template is to blame. */
  readonly template: string;
  /** 0 where nobody knows. */
  readonly line: number;
}
