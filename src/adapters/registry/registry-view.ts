import type { RegistryView } from '../../ports/registry.ts';
import type { OriginGate } from './origin-gate.ts';

/** What there is to tell of a registry; `nextAt` is when the first of its polls is due. */
export const viewOf = (registry: string, gate: OriginGate, nextAt: number | undefined, now: number): RegistryView => {
  const budget = gate.budgetAt(now);
  const holdMs = gate.holdMs(now);
  return {
    registry,
    polls: gate.polls,
    pollsPerMinute: gate.demand * 60_000,
    stretch: gate.stretchAt(now),
    budget,
    failures: gate.failures,
    heldUntil: holdMs > 0 ? now + holdMs : undefined,
    nextPollAt: nextAt,
  };
};
