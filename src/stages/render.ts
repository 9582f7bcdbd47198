import type { ChartRelease } from '../api/chart-release.ts';
import { ANSWER_BYTES_ALLOWED, type Lookup, type LookupQuestion, printQuestion, questionKey, refusalOf, tooMuch } from '../core/lookup.ts';
import { stampOf } from '../core/ownership.ts';
import type { ReleaseAddress, RenderedFor } from '../core/record.ts';
import type { ValuesDocument } from '../core/values.ts';
import type { Clock } from '../ports/clock.ts';
import { type Cluster, ClusterError } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';
import { type Lookups, LookupTooLargeError } from '../ports/lookups.ts';
import type { Chart } from '../ports/registry.ts';
import { type LookupAnswer, RenderError, type Rendered, type Renderer } from '../ports/renderer.ts';

/** What is rendered: the chart, as which revision of which Helm release. */
export interface RenderInput {
  readonly release: ChartRelease;
  readonly address: ReleaseAddress;
  readonly chart: Chart;
  readonly values: readonly ValuesDocument[];
  readonly revision: number;
  readonly action: 'install' | 'upgrade';
}

export interface RenderDeps {
  readonly renderer: Renderer;
  readonly cluster: Cluster;
  readonly lookups: Lookups;
  readonly clock: Clock;
}

/**
 * Renders a chart as Helm would install or upgrade it on this cluster, whose objects its templates may look up. Rejects with RenderError,
 * ClusterError, StageError; when the API server does not answer, that is no fault of the chart.
 */
export const render = async (deps: RenderDeps, input: RenderInput, signal: AbortSignal): Promise<Rendered & { readonly renderedFor: RenderedFor }> => {
  const { release, address, chart, values, revision, action } = input;
  const inquiry = new Inquiry(deps);
  const capabilities = await deps.cluster.capabilities(signal);
  const request = {
    chart,
    values,
    skipSchemaValidation: release.spec.skipSchemaValidation,
    release: { name: address.releaseName, namespace: address.namespace, revision, action },
    capabilities,
    stamp: stampOf(release.metadata, address),
    lookUp: (question: LookupQuestion, until: AbortSignal) => inquiry.answer(question, until),
  };
  try {
    const rendered = await deps.renderer.render(request, signal);
    return { ...rendered, renderedFor: { kubeVersion: capabilities.kubeVersion, lookups: inquiry.lookups } };
  } catch (error) {
    throw inquiry.causeOf(error) ?? withAdvice(error);
  }
};

/** What lets the chart in is a field of the ChartRelease, of which a renderer knows nothing. */
const withAdvice = (error: unknown): unknown => {
  if (!(error instanceof RenderError) || error.code !== 'SchemaRefused') return error;
  return new StageError('SchemaRefused', `${error.message}; spec.skipSchemaValidation: true lets the chart in without the schema`, { cause: error });
};

/** So long all answers to one chart may take. */
const ANSWERS_MS = 30_000;

/** What one chart looks up, also where its render has to be begun anew: the same question counts once. */
class Inquiry {
  readonly #lookups: Lookups;
  readonly #clock: Clock;
  readonly #found = new Map<string, Lookup & { readonly bytes: number }>();
  #spentMs = 0;
  /** Why the API server gave no answer to the last question. */
  #trouble: ClusterError | undefined;

  constructor({ lookups, clock }: RenderDeps) {
    this.#lookups = lookups;
    this.#clock = clock;
  }

  /** What was asked and found so far, in the order of the questions. */
  get lookups(): readonly Lookup[] {
    return [...this.#found.values()].map(({ question, finding }) => ({ question, finding }));
  }

  /** The trouble of the API server that made a template fail. */
  causeOf(error: unknown): ClusterError | undefined {
    return error instanceof RenderError && error.code === 'TemplateFailed' ? this.#trouble : undefined;
  }

  async answer(question: LookupQuestion, signal: AbortSignal): Promise<LookupAnswer> {
    this.#trouble = undefined;
    const refusal = refusalOf(question, this.#found);
    if (refusal !== undefined) return { kind: 'Failed', message: refusal };
    try {
      return { kind: 'Found', pages: await this.#inTime(question, signal) };
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'Failed', message: this.#wordsOf(question, error) };
    }
  }

  async #inTime(question: LookupQuestion, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const since = this.#clock.now();
    const late = new AbortController();
    const cancel = this.#clock.after(ANSWERS_MS - this.#spentMs, () => late.abort(tooLate(question)));
    try {
      return await this.#find(question, AbortSignal.any([signal, late.signal]));
    } finally {
      cancel();
      this.#spentMs += this.#clock.now() - since;
    }
  }

  async #find(question: LookupQuestion, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const key = questionKey(question);
    this.#found.delete(key);
    const spentBytes = [...this.#found.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const { pages, finding } = await this.#lookups.find(question, ANSWER_BYTES_ALLOWED - spentBytes, signal);
    this.#found.set(key, { question, finding, bytes: pages.reduce((sum, { length }) => sum + length, 0) });
    return pages;
  }

  #wordsOf(question: LookupQuestion, error: unknown): string {
    if (error instanceof LookupTooLargeError) return tooMuch(question);
    if (!(error instanceof ClusterError)) throw error;
    if (error.code === 'Unavailable') this.#trouble = error;
    return error.message;
  }
}

const tooLate = (question: LookupQuestion): ClusterError =>
  new ClusterError('Unavailable', `cannot look up ${printQuestion(question)}: the API server took longer than ${ANSWERS_MS / 1000} s for all that the templates look up`);
