import { conditionIn } from '../lab/site.ts';
import type { Field, Subject } from './field.ts';

/** Something that happens to a release, and how one sees that the operator has dealt with it. */
export interface Scenario {
  /** Up to here nothing disturbs the operator. */
  prepare(field: Field, subject: Subject): Promise<void>;
  act(field: Field, subject: Subject): Promise<void>;
  isOver(field: Field, subject: Subject): Promise<boolean>;
  /** Revisions that there are at the end. */
  readonly revisions: readonly number[];
}

export const SCENARIO_NAMES = ['install', 'upgrade', 'hooks', 'rollback', 'uninstall', 'drift'] as const;

export type ScenarioName = (typeof SCENARIO_NAMES)[number];

const upgradeTo = async (field: Field, subject: Subject, making: Parameters<Field['push']>[2] = {}): Promise<void> => {
  await field.push(subject, 2, making);
  await field.site.lookNow(subject.release);
};

/** The group of the definition that a release's chart brings; nobody else's is called so. */
const groupOf = ({ site }: Field, { release }: Subject): string => `${release}.${site.namespace}.test`;

/** An upgrade that replaces a CustomResourceDefinition of the chart: nothing else is replaced whole, so no other scenario has a PUT in it. */
export const WIDENING: Scenario = {
  prepare: (field, subject) => field.install(subject, {}, { crdGroup: groupOf(field, subject) }),
  act: (field, subject) => upgradeTo(field, subject, { crdGroup: groupOf(field, subject) }),
  isOver: async (field, subject) => {
    const definition = await field.site.read(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gears.${groupOf(field, subject)}`);
    return JSON.stringify(definition?.['spec']).includes('"field2"') && (await field.isReadyAt(subject, 2));
  },
  revisions: [1, 2],
};

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  install: {
    prepare: (field, subject) => field.push(subject, 1),
    act: (field, subject) => field.follow(subject),
    isOver: (field, subject) => field.isReadyAt(subject, 1),
    revisions: [1],
  },
  upgrade: {
    prepare: (field, subject) => field.install(subject),
    act: (field, subject) => upgradeTo(field, subject),
    isOver: (field, subject) => field.isReadyAt(subject, 2),
    revisions: [1, 2],
  },
  hooks: {
    prepare: (field, subject) => field.install(subject),
    act: (field, subject) => upgradeTo(field, subject, { hasHooks: true }),
    isOver: (field, subject) => field.isReadyAt(subject, 2),
    revisions: [1, 2],
  },
  rollback: {
    prepare: (field, subject) => field.install(subject, { timeout: '2s' }),
    act: (field, subject) => upgradeTo(field, subject, { isStuck: true }),
    isOver: (field, subject) => field.isUndoneBy(subject, 3),
    revisions: [1, 2, 3],
  },
  uninstall: {
    prepare: (field, subject) => field.install(subject),
    act: ({ site }, { release }) => site.remove(release),
    isOver: async ({ site }, { release }) => (await site.seen(release)) === undefined && (await site.configMap(release)) === undefined,
    revisions: [1],
  },
  drift: {
    prepare: (field, subject) => field.install(subject, { drift: { mode: 'Correct' } }),
    act: async ({ site }, subject) => {
      subject.isEdited = true;
      const path = `/api/v1/namespaces/${site.namespace}/configmaps/${subject.release}?fieldManager=somebody`;
      await site.ask('PATCH', path, { data: { greeting: 'edited' } }, 'application/merge-patch+json');
    },
    isOver: async (field, subject) => {
      const isCorrected = (await field.site.configMap(subject.release))?.['greeting'] === 'hello';
      return isCorrected && (await field.isReadyAt(subject, 1)) && conditionIn((await field.site.seen(subject.release))?.status ?? {}, 'Drifted') === undefined;
    },
    revisions: [1],
  },
};
