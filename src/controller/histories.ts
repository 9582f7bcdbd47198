import { type ChartAges, chartAges, joinAges } from '../core/kept-charts.ts';
import { printAddress, type RecordHead, type ReleaseAddress } from '../core/record.ts';

/** Which charts the revisions of all releases have, by the records that are seen. */
export class Histories {
  readonly #ages = new Map<string, () => ChartAges>();

  /** These are all records of a Helm release now. They are read when somebody asks: records change more often. */
  recordsChanged(address: ReleaseAddress, records: readonly RecordHead[]): void {
    let ages: ChartAges | undefined;
    if (records.length === 0) this.#ages.delete(printAddress(address));
    else this.#ages.set(printAddress(address), () => (ages ??= chartAges(records)));
  }

  /** The charts of all of them. */
  ages(): ChartAges {
    return joinAges([...this.#ages.values()].map((agesOf) => agesOf()));
  }
}
