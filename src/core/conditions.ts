import type { Condition, ConditionType } from '../api/conditions.ts';

/** What a condition should say now. */
export interface Claim {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

/**
 * Conditions that say exactly these claims. A condition that was there with the same status keeps its
 * lastTransitionTime (Kubernetes API conventions); one that is not claimed is left out (kstatus: abnormal-true).
 */
export const conditionsFor = (claims: readonly Claim[], previous: readonly Condition[], at: { readonly generation: number; readonly now: string }): readonly Condition[] =>
  claims.map((claim) => {
    const before = previous.find((condition) => condition.type === claim.type);
    const lastTransitionTime = before?.status === claim.status ? before.lastTransitionTime : at.now;
    return { ...claim, observedGeneration: at.generation, lastTransitionTime };
  });

/** The condition of that type, if there is one. */
export const conditionOf = (conditions: readonly Condition[] | undefined, type: ConditionType): Condition | undefined => conditions?.find((condition) => condition.type === type);

/** Whether a condition says that this is what is in the way. */
export const isHeldBy = (conditions: readonly Condition[] | undefined, reason: string): boolean => conditions?.some((condition) => condition.reason === reason) ?? false;
