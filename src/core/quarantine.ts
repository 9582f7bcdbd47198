/** What a render did that no render may do: it took too long, needed too much memory, or brought its engine down. */
export type Breach = 'Time' | 'Memory' | 'Crash';

/** What is remembered of a request and of its chart. */
export interface Conduct {
  /** How often this very request (chart digest, values, release) broke a limit since it last kept to them all. */
  readonly breaches: number;
  /** Proven: some request of the chart was answered. Suspect: none was yet, and one broke a limit or was slow where others waited. */
  readonly chart: 'Unknown' | 'Proven' | 'Suspect';
}

/** Free: like any other. Suspect: apart from the others, one at a time. Quarantined: not at all. */
export type Verdict = 'Free' | 'Suspect' | 'Quarantined';

/** So many breaches of one request end in quarantine: the first may be a machine that was too busy. */
const BREACHES_ALLOWED = 1;

/**
 * How a request to render is treated. A chart that has rendered for one release is no suspect because of another's values,
 * and new values, a new digest or another release name make another request.
 */
export const judge = ({ breaches, chart }: Conduct): Verdict => {
  if (breaches > BREACHES_ALLOWED) return 'Quarantined';
  return breaches > 0 || chart === 'Suspect' ? 'Suspect' : 'Free';
};
