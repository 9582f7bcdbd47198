import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { installWaves, uninstallWaves } from './order.ts';

/** Kinds of a usual chart in Helm's order. */
const IN_ORDER = [
  'PriorityClass',
  'Namespace',
  'NetworkPolicy',
  'ServiceAccount',
  'Secret',
  'ConfigMap',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'Ingress',
  'APIService',
  'ValidatingWebhookConfiguration',
];

const objectOf = (kind: string, name = kind) => ({ ref: { apiVersion: 'v1', kind, namespace: 'default', name } });
const namesOf = (waves: readonly (readonly ReturnType<typeof objectOf>[])[]) => waves.map((wave) => wave.map(({ ref }) => ref.name));

const objects = fc.array(fc.constantFrom(...IN_ORDER, 'Widget', 'Gadget', 'constructor')).map((kinds) => kinds.map((kind, index) => objectOf(kind, `${kind}-${index}`)));

describe('installWaves', () => {
  it('has no waves for no objects', () => {
    expect(installWaves([])).toEqual([]);
  });

  it("gives every kind a wave of its own, in Helm's order", () => {
    expect(namesOf(installWaves([...IN_ORDER].reverse().map((kind) => objectOf(kind))))).toEqual(IN_ORDER.map((kind) => [kind]));
  });

  it('puts kinds that Helm does not name last, side by side', () => {
    expect(namesOf(installWaves([objectOf('Widget'), objectOf('Ingress'), objectOf('Gadget')]))).toEqual([['Ingress'], ['Widget', 'Gadget']]);
  });

  it('keeps the given order within a wave', () => {
    expect(namesOf(installWaves([objectOf('Secret', 'b'), objectOf('Namespace', 'n'), objectOf('Secret', 'a')]))).toEqual([['n'], ['b', 'a']]);
  });

  const rankOf = ({ ref }: ReturnType<typeof objectOf>) => (IN_ORDER.includes(ref.kind) ? IN_ORDER.indexOf(ref.kind) : IN_ORDER.length);

  it('keeps every object exactly once', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const sent = installWaves(all).flat();
        expect(sent).toHaveLength(all.length);
        expect(new Set(sent)).toEqual(new Set(all));
      }),
    );
  });

  it('never falls back to an earlier kind', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const ranks = installWaves(all).map((wave) => wave.map(rankOf));
        for (const [index, wave] of ranks.entries()) {
          expect(new Set(wave).size).toBe(1);
          if (index > 0) expect(Math.min(...wave)).toBeGreaterThan(Math.max(...(ranks[index - 1] ?? [])));
        }
      }),
    );
  });
});

describe('uninstallWaves', () => {
  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['begins with what was installed last', ['Namespace', 'Secret', 'Deployment', 'Ingress'], ['Ingress', 'Deployment', 'Secret', 'Namespace']],
    ['takes Services before the workloads behind them', ['Service', 'Deployment', 'StatefulSet', 'CronJob'], ['Service', 'CronJob', 'StatefulSet', 'Deployment']],
    [
      'takes custom resources before who takes care of them, and their definition after both',
      ['CustomResourceDefinition', 'Deployment', 'Widget'],
      ['Widget', 'Deployment', 'CustomResourceDefinition'],
    ],
    [
      'takes webhooks before what they could refuse, and an APIService after what it serves',
      ['APIService', 'MutatingWebhookConfiguration', 'Widget', 'ValidatingWebhookConfiguration'],
      ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration', 'Widget', 'APIService'],
    ],
  ])('%s', (_name, kinds, order) => {
    expect(namesOf(uninstallWaves(kinds.map((kind) => objectOf(kind))))).toEqual(order.map((kind) => [kind]));
  });

  it('keeps every object exactly once', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const sent = uninstallWaves(all).flat();
        expect(sent).toHaveLength(all.length);
        expect(new Set(sent)).toEqual(new Set(all));
      }),
    );
  });
});
