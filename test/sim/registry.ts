import { type TagList, tagListOf } from '../../src/core/chosen-tag.ts';
import { type Chart, type Charts, RegistryError, type TagAddress } from '../../src/ports/registry.ts';
import { chartOf, digestOf, pulled, type SimulatedChart } from './charts.ts';
import type { Life, Timeline } from './timeline.ts';

/** A registry with one repository; its answers take their time. */
export class SimulatedRegistry {
  readonly #timeline: Timeline;
  readonly #latencyMs: () => number;
  readonly #tags = new Map<string, string>();
  #isUp = true;
  /** Whether it ever did not answer. */
  wasDown = false;

  constructor(timeline: Timeline, latencyMs: () => number) {
    this.#timeline = timeline;
    this.#latencyMs = latencyMs;
  }

  /** Has it answer, or not. */
  turn(isUp: boolean): void {
    this.#isUp = isUp;
    this.wasDown ||= !isUp;
  }

  push(tag: string, chart: SimulatedChart): void {
    this.#tags.set(tag, digestOf(chart));
  }

  /** The chart that a tag points at. */
  at(tag: string): SimulatedChart | undefined {
    return chartOf(this.#tags.get(tag) ?? '');
  }

  /** How one process asks it for the digest of a tag. */
  resolver(life: Life): (tag: TagAddress, signal: AbortSignal) => Promise<string> {
    return ({ reference: { tag } }, signal) =>
      this.#ask(`resolve ${tag}`, life, signal, () => {
        const digest = this.#tags.get(tag);
        if (digest === undefined) throw new RegistryError('NotFound', `cannot resolve ${tag}: there is no such tag`);
        return digest;
      });
  }

  /** How one process asks it for all tags. */
  lister(life: Life): (repository: unknown, signal: AbortSignal) => Promise<TagList> {
    return (_repository, signal) => this.#ask('list the tags', life, signal, () => tagListOf([...this.#tags.keys()]));
  }

  /** How one process pulls charts. */
  charts(life: Life): Charts {
    return {
      pull: (_reference, digest, _access, signal) =>
        this.#ask(`pull ${digest}`, life, signal, (): Chart => {
          const chart = chartOf(digest);
          if (chart === undefined) throw new RegistryError('NotFound', `cannot pull ${digest}: there is no such manifest`);
          return pulled(chart);
        }),
    };
  }

  #ask<T>(what: string, life: Life, signal: AbortSignal, answer: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#timeline.after(
        this.#latencyMs(),
        `registry: ${what}`,
        () => {
          try {
            if (!this.#isUp) throw new RegistryError('Unavailable', `cannot ${what}: nobody answers`);
            resolve(answer());
          } catch (error) {
            reject(error);
          }
        },
        life,
      );
    });
  }
}
