import { type Dependency, judgeDependencies } from '../../core/dependencies.ts';
import { keyOf } from '../../core/object-ref.ts';
import type { ChartRelease } from '../../api/chart-release.ts';
import { StageError } from '../../ports/errors.ts';
import type { SeenRelease } from '../../ports/releases.ts';
import type { Deps } from '../deps.ts';
import type { Run } from '../run.ts';

/**
 * Lets a new revision begin when the ChartReleases that it depends on are ready, as the watch has them; else it is looked at again
 * whenever one of them is written to. What is deployed is not touched by their troubles. Throws StageError.
 */
export const gate = ({ releases, dependents }: Pick<Deps, 'releases' | 'dependents'>, { release, key }: Pick<Run, 'release' | 'key'>): void => {
  const wanted = dependsOnOf(release);
  const verdict = judgeDependencies(key, wanted, (one) => dependencyOf(releases.get(one)));
  switch (verdict.kind) {
    case 'Ready':
      return;
    case 'Waiting':
      dependents.wait(key, wanted);
      throw new StageError('DependencyNotReady', `waits for its dependencies: ${verdict.why}`);
    case 'Cycle':
      dependents.wait(key, verdict.chain);
      throw new StageError('DependencyCycle', `spec.dependsOn leads back to this ChartRelease: ${verdict.chain.join(' -> ')}; take one of these references out`);
  }
};

const dependsOnOf = ({ metadata, spec }: ChartRelease): readonly string[] => (spec.dependsOn ?? []).map(({ namespace = metadata.namespace, name }) => keyOf({ namespace, name }));

const dependencyOf = (seen: SeenRelease | undefined): Dependency | undefined => {
  if (seen === undefined) return undefined;
  const { metadata, status } = seen.release;
  return {
    generation: metadata.generation,
    isBeingDeleted: metadata.deletionTimestamp !== undefined,
    isSuspended: seen.kind === 'Readable' && seen.release.spec.suspend,
    dependsOn: seen.kind === 'Readable' ? dependsOnOf(seen.release) : [],
    status,
  };
};
