import { NAME_LABEL } from '../../src/api/chart-release.ts';
import type { ChartReleaseStatus } from '../../src/api/chart-release.ts';
import { conditionOf } from '../../src/core/conditions.ts';
import { pinOf } from '../../src/core/pin.ts';
import type { Stored } from './api/object.ts';
import { digestOf, isGood } from './charts.ts';
import type { Person } from './people.ts';
import type { Simulation } from './simulation.ts';

/** What is not as it has to be about a release once everything has come to rest; empty where it is. */
export const complaints = (simulation: Simulation, person: Person): readonly string[] => {
  const release = person.release;
  if (release === undefined) return goneComplaints(simulation, person);
  const status = (release['status'] ?? {}) as ChartReleaseStatus; // written by the operator
  const ready = conditionOf(status.conditions, 'Ready');
  const said = `Ready ${ready?.status} ${ready?.reason}: ${ready?.message}`;
  if (release.metadata.deletionTimestamp !== undefined) return [`${person.name} is being deleted, and is not gone: ${said}`];
  const { generation = 0 } = release.metadata;
  const wrong: string[] = [];
  if (status.observedGeneration !== generation) wrong.push(`generation ${generation} is not observed, but ${status.observedGeneration}: ${said}`);
  const { suspend } = release['spec'] as { readonly suspend?: boolean };
  const pin = pinOf(release.metadata.annotations);
  const chart = simulation.registry.at(person.tag);
  if (suspend === true) return ready?.reason === 'Suspended' ? wrong : [...wrong, `it is suspended, and says ${said}`];
  if (pin.kind !== 'None') return PINNED.has(ready?.reason ?? '') ? wrong : [...wrong, `it is pinned, and says ${said}`];
  const mayBeReady = chart?.app === 'never' && person.hasEmptied;
  if (chart === undefined || !isGood(chart)) return ready?.status === 'True' && !mayBeReady ? [...wrong, `${chart?.version} cannot become ready, and it says ${said}`] : wrong;
  // Who deletes an object of a revision whose time is over meanwhile has to say that it is to come back.
  if (person.hasDeleted && ready?.message.includes(' was deleted; annotate the ChartRelease ')) return wrong;
  if (ready?.status !== 'True' || status.chart?.digest !== digestOf(chart)) wrong.push(`${chart.version} is wanted, and it says ${said}, at ${status.chart?.version}`);
  for (const { type, reason, message } of status.conditions ?? []) if (type !== 'Ready') wrong.push(`it says ${type} ${reason}: ${message}`);
  return [...wrong.map((one) => `${person.name}: ${one}`), ...recordComplaints(person), ...objectComplaints(simulation, person)];
};

/** Reasons that a release may have while a revision is pinned. */
const PINNED: ReadonlySet<string> = new Set(['Pinned', 'PinInvalid', 'RollbackFailed', 'InstallFailed', 'UpgradeFailed', 'HookFailed']);

const goneComplaints = (simulation: Simulation, person: Person): readonly string[] => {
  // Helm leaves the objects of hooks behind, and so do we.
  const left = [...person.records, ...objectsOf(simulation, person).filter(({ kind }) => kind !== 'Job')];
  return left.map(({ kind, metadata }) => `${person.name} is gone, and ${kind} ${metadata.name} is not`);
};

const recordComplaints = (person: Person): readonly string[] => {
  const statuses = person.records.map(({ metadata }) => metadata.labels?.['status']);
  const deployed = statuses.filter((status) => status === 'deployed').length;
  const isSettled = deployed === 1 && statuses.at(-1) === 'deployed' && statuses.every((status) => status?.startsWith('pending') === false);
  return isSettled ? [] : [`${person.name}: its records say ${statuses.join(', ')}`];
};

const objectComplaints = (simulation: Simulation, person: Person): readonly string[] => {
  const chart = simulation.registry.at(person.tag);
  const { values } = (person.release?.['spec'] ?? {}) as { readonly values?: unknown };
  const given = dataOf(simulation.ask('GET', `/api/v1/namespaces/apps/configmaps/${person.name}-given`).object)['values.yaml'];
  const wanted = JSON.stringify({ ...(given === undefined ? {} : (JSON.parse(given) as object)), ...(values as object) });
  const objects = objectsOf(simulation, person);
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).filter((name) => !name.startsWith('Job'));
  const expected = [`ConfigMap ${person.name}-config`, ...(chart?.extra === undefined ? [] : [`ConfigMap ${person.name}-${chart.extra}`]), `Deployment ${person.name}`];
  const wrong: string[] = [];
  if (names.toSorted().join() !== expected.toSorted().join()) wrong.push(`it has ${names.join(', ')} in place of ${expected.join(', ')}`);
  const config = dataOf(objects.find(({ metadata }) => metadata.name === `${person.name}-config`));
  if (config['version'] !== chart?.version || config['given'] !== wanted)
    wrong.push(`its ConfigMap has ${config['version']} with ${config['given']} in place of ${chart?.version} with ${wanted}`);
  return wrong.map((one) => `${person.name}: ${one}`);
};

const dataOf = (object: unknown): Readonly<Record<string, string>> => (object as { readonly data?: Readonly<Record<string, string>> } | undefined)?.data ?? {};

const COLLECTIONS = ['/api/v1/namespaces/apps/configmaps', '/apis/apps/v1/namespaces/apps/deployments', '/apis/batch/v1/namespaces/apps/jobs'];

const objectsOf = (simulation: Simulation, { name }: Person): readonly Stored[] =>
  COLLECTIONS.flatMap((path) => {
    const { object } = simulation.ask('GET', `${path}?labelSelector=${NAME_LABEL}=${name}`);
    return (object as { readonly items: readonly Stored[] }).items; // a list
  });
