import type { AuditedWrite } from './audit.ts';
import { growth } from './figures.ts';
import { type CpuMs, PARTS } from './meter.ts';
import { countersNow } from './counters.ts';
import type { TappedRequest } from './registry-tap.ts';
import type { Rig } from './rig.ts';

/** The user agent that the operator gives. */
const OPERATOR_AGENT = 'tagalong';

/** What a piece of the bench took. Counts and CPU go from quiet to quiet. */
export interface Phase {
  readonly seconds: number;
  readonly cpuMs: CpuMs;
  /** What the operator sent. */
  readonly writes: readonly AuditedWrite[];
  /** What everybody else sent, the bench apart. */
  readonly othersWrites: readonly AuditedWrite[];
  /** Runs of a release. */
  readonly runs: number;
  /** Reads by anybody, by `LIST secrets`. */
  readonly reads: ReadonlyMap<string, number>;
  readonly registry: readonly TappedRequest[];
}

/** Measures a piece of work between two moments of quiet; the work says how many seconds count. */
export const measure = async (rig: Rig, work: (writesFrom: () => Promise<readonly AuditedWrite[]>) => Promise<number>, signal: AbortSignal): Promise<Phase> => {
  await rig.meter.quiet(signal);
  const before = await countersNow(rig.client, rig.operator.metrics);
  await rig.meter.quiet(signal);
  const [from, tapped, cpuBefore] = [await rig.audit.end(), rig.tap.requests.length, rig.meter.cpuMs()];
  const seconds = await work(async () => operatorsOf(await rig.audit.since(from)));
  await rig.meter.quiet(signal);
  const cpuAfter = rig.meter.cpuMs();
  const all = await rig.audit.since(from);
  const after = await countersNow(rig.client, rig.operator.metrics);
  return {
    seconds,
    cpuMs: Object.fromEntries(PARTS.map((part) => [part, cpuAfter[part] - cpuBefore[part]])) as CpuMs,
    writes: operatorsOf(all),
    othersWrites: all.filter(({ userAgent, kind }) => userAgent !== OPERATOR_AGENT && !userAgent.startsWith('bench') && kind === 'Write'),
    runs: after.runs - before.runs,
    reads: growth(before.reads, after.reads),
    registry: rig.tap.requests.slice(tapped),
  };
};

const operatorsOf = (writes: readonly AuditedWrite[]): readonly AuditedWrite[] => writes.filter(({ userAgent }) => userAgent === OPERATOR_AGENT);
