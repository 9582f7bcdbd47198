import type { LookupQuestion } from '../core/lookup.ts';
import type { ValuesDocument } from '../core/values.ts';
import type { Chart } from './registry.ts';

export type RenderErrorCode =
  /** Helm cannot load the files as a chart, or refuses this kind of chart. */
  | 'ChartInvalid'
  /** Values that break the chart's schema, or are no map. */
  | 'ValuesInvalid'
  /** A values schema that points out of its own document, which nobody follows. */
  | 'SchemaRefused'
  /** A template failed, or what it looks up cannot be had, or what it made is no Kubernetes object. */
  | 'TemplateFailed'
  /** The chart breaks a limit of time, memory or output, and not only once: the same again is of no use. */
  | 'ResourceExceeded'
  /** The engine hung, crashed, or sent what is no reply; or nobody answers. */
  | 'Unavailable';

/** What a renderer throws; the message has template, line and Helm's own words where there are some. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
  readonly code: RenderErrorCode;

  constructor(code: RenderErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** An object as the engine made it: its identity, and its JSON as bytes that are sent as they are. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Empty where the manifest names none. */
  readonly namespace: string;
  /** Template it came from, `hello/templates/service.yaml`. */
  readonly source: string;
  /** Value of the annotation `helm.sh/resource-policy`, or empty. */
  readonly resourcePolicy: string;
  readonly json: Uint8Array;
}

export interface RenderedHook extends RenderedObject {
  readonly events: readonly string[];
  readonly weight: number;
  readonly deletePolicies: readonly string[];
}

/** Labels and annotations that every object gets in its metadata, never in selectors or pod templates. */
export interface Stamp {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RenderRequest {
  readonly chart: Chart;
  /** Later ones win. */
  readonly values: readonly ValuesDocument[];
  /** Whether the values are not held to the chart's values.schema.json. */
  readonly skipSchemaValidation: boolean;
  readonly release: { readonly name: string; readonly namespace: string; readonly revision: number; readonly action: 'install' | 'upgrade' };
  readonly capabilities: Capabilities;
  readonly stamp: Stamp;
  /** Answers what templates look up; where absent nothing exists, as in `helm template`. */
  readonly lookUp?: LookUp | undefined;
}

/** Answers a template. It takes its time into account itself: none of it is the chart's. Rejects only with the signal's reason. */
export type LookUp = (question: LookupQuestion, signal: AbortSignal) => Promise<LookupAnswer>;

export type LookupAnswer =
  /** JSON of an object, or of a list in its pages; no pages where there is nothing. */
  | { readonly kind: 'Found'; readonly pages: readonly Uint8Array[] }
  /** The render fails with these words. */
  | { readonly kind: 'Failed'; readonly message: string };

/** What the cluster can do, as templates see it. */
export interface Capabilities {
  /** `v1.36.3`. */
  readonly kubeVersion: string;
  /** `v1`, `apps/v1`, `apps/v1/Deployment`, ... */
  readonly apiVersions: readonly string[];
}

export interface Rendered {
  readonly chart: { readonly name: string; readonly version: string; readonly appVersion: string };
  readonly notes: string;
  /** The manifest as a Helm release record holds it. */
  readonly manifest: string;
  /** In Helm's install order, Lists flattened. */
  readonly objects: readonly RenderedObject[];
  /** Objects of `crds/`. */
  readonly crds: readonly RenderedObject[];
  readonly hooks: readonly RenderedHook[];
  /** JSON of chart, hooks and merged values for the release record. */
  readonly recordParts: { readonly chart: string; readonly hooks: string; readonly config: string };
}

/** Helm's rendering. */
export interface Renderer {
  /** Renders a chart as `helm install` or `helm upgrade` would. Rejects with RenderError. */
  render(request: RenderRequest, signal: AbortSignal): Promise<Rendered>;
  /** Reads the manifest of a release record back into objects, in its order. Rejects with RenderError. */
  read(manifest: string, stamp: Stamp, signal: AbortSignal): Promise<readonly RenderedObject[]>;
}
