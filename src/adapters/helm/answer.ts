import { type Rendered, type RenderedObject, RenderError, type RenderErrorCode } from '../../ports/renderer.ts';
import type { FailureCode } from './protocol.ts';

/** An answer as it goes out over the socket: its header, but for the id, and what its spans point into. */
export interface Answer {
  readonly header: Readonly<Record<string, unknown>>;
  readonly attachment: readonly Uint8Array[];
}

/** The reply `rendered`. */
export const renderedAnswer = (rendered: Rendered): Answer => {
  const { chart, notes, manifest, objects, crds, hooks, recordParts } = rendered;
  const spans = new Spans();
  const header = {
    kind: 'rendered',
    chart,
    notes,
    manifest: spans.addText(manifest),
    objects: spans.addObjects(objects),
    crds: spans.addObjects(crds),
    hooks: spans.addObjects(hooks),
    recordChart: spans.addText(recordParts.chart),
    recordHooks: spans.addText(recordParts.hooks),
    config: spans.addText(recordParts.config),
  };
  return { header, attachment: spans.parts };
};

/** The reply `read`. */
export const readAnswer = (objects: readonly RenderedObject[]): Answer => {
  const spans = new Spans();
  return { header: { kind: 'read', objects: spans.addObjects(objects) }, attachment: spans.parts };
};

export const CHART_NEEDED: Answer = { header: { kind: 'chartNeeded' }, attachment: [] };

const CODES = {
  ChartInvalid: 'ChartInvalid',
  ValuesInvalid: 'ValuesInvalid',
  SchemaRefused: 'SchemaRefused',
  TemplateFailed: 'TemplateFailed',
  ResourceExceeded: 'ResourceExceeded',
  Unavailable: 'Unavailable',
} as const satisfies Readonly<Record<RenderErrorCode, FailureCode>>;

/** The reply `failed`. */
export const failedAnswer = (error: unknown): Answer => {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof RenderError ? CODES[error.code] : 'Internal';
  return { header: { kind: 'failed', code, message, template: '', line: 0 }, attachment: [] };
};

/** Collects what spans point into. */
class Spans {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  get parts(): readonly Uint8Array[] {
    return this.#parts;
  }

  addText(text: string): readonly [number, number] {
    return this.#add(Buffer.from(text, 'utf8'));
  }

  addObjects(objects: readonly RenderedObject[]): readonly unknown[] {
    return objects.map(({ json, ...head }) => ({ ...head, json: this.#add(json) }));
  }

  #add(bytes: Uint8Array): readonly [number, number] {
    const offset = this.#size;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    return [offset, bytes.length];
  }
}
