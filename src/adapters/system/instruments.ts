import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type MetricName, METRICS } from './metric-table.ts';

type Named<T> = { [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never }[MetricName];
type LabelOf<N extends MetricName> = (typeof METRICS)[N]['labels'][number];

/** Makes the metrics of the table in a registry, each once. */
export class Instruments {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter<N extends Named<'counter'>>(name: N): Counter<LabelOf<N>> {
    return new Counter<LabelOf<N>>(this.#config(name));
  }

  /** `collect` is called before each scrape. */
  gauge<N extends Named<'gauge'>>(name: N, collect: (gauge: Gauge<LabelOf<N>>) => void = () => undefined): Gauge<LabelOf<N>> {
    const gauge: Gauge<LabelOf<N>> = new Gauge<LabelOf<N>>({ ...this.#config(name), collect: () => collect(gauge) });
    return gauge;
  }

  histogram<N extends Named<'histogram'>>(name: N): Histogram<LabelOf<N>> {
    return new Histogram<LabelOf<N>>({ ...this.#config(name), buckets: [...METRICS[name].buckets] });
  }

  #config<N extends MetricName>(name: N) {
    const { help, labels } = METRICS[name];
    return { name, help, labelNames: labels as readonly LabelOf<N>[], registers: [this.#registry] };
  }
}
