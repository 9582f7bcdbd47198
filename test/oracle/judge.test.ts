import { describe, expect, it } from 'vitest';
import type { Rendered, RenderedObject } from '../../src/ports/renderer.ts';
import { type Case, Judge, type Sides, type Verdict } from './judge.ts';
import type { Outcome } from './operator.ts';
import type { Answer } from './stock-helm.ts';

const one: Case = {
  question: { chart: { name: 'c', files: {}, valueSets: [] }, values: { name: 'a', text: '' } },
  archive: new Uint8Array(),
  circumstances: { release: { name: 'r', namespace: 'n', action: 'install' }, kubeVersion: 'v1.30.0', extraApiVersions: [] },
  isThorough: true,
};

const object = (json: string): RenderedObject => ({ apiVersion: 'v1', kind: 'A', name: 'a', namespace: '', source: 's', resourcePolicy: '', json: Buffer.from(json) });

const rendered = (manifest: string, json = '{}'): Rendered => ({
  chart: { name: 'c', version: '1', appVersion: '' },
  notes: 'note',
  manifest,
  objects: [object(json)],
  crds: [],
  hooks: [],
  recordParts: { chart: '{"metadata":{"name":"c"},"values":{}}', hooks: '[]', config: '{}' },
});

const release = (notes: string): string => JSON.stringify({ manifest: 'a: 1\n\n', info: { notes }, chart: { metadata: { name: 'c' } } });

const sides = (template: Answer, notes = 'note'): Sides => ({
  helm: { template: async () => template, dryRun: async () => ({ kind: 'Printed', text: release(notes) }) },
  operator: { render: () => Promise.reject(new Error('not asked')), read: async () => [object('{}')] },
});

const judge = (outcome: Outcome, ...asked: Parameters<typeof sides>): Promise<Verdict> => new Judge(sides(...asked), one, outcome).judge(outcome);

const printed: Answer = { kind: 'Printed', text: 'a: 1\n' };
const ours = (manifest = 'a: 1\n\n', json = '{}'): Outcome => ({ kind: 'Rendered', rendered: rendered(manifest, json) });

describe('the judge', () => {
  it('finds nothing where both made the same', async () => {
    expect(await judge(ours(), printed)).toEqual({ kind: 'Same' });
  });

  it('tells a refusal on purpose apart', async () => {
    expect(await judge({ kind: 'Refused', message: 'cannot use an object of the chart' }, printed)).toMatchObject({ kind: 'Apart' });
  });

  it.each([
    ['a manifest that differs', ours('a: 2\n\n'), printed, 'manifest differs in line 1 of 2'],
    ['an object that differs', ours('a: 1\n\n', '{"a":1}'), printed, 'list of objects differs'],
    ['a record that differs', ours(), printed, 'notes differs', 'other notes'],
    ['what only helm refuses', ours(), { kind: 'Refused', complaint: 'Error: no' }, 'helm refuses it: Error: no'],
    ['what only we refuse', { kind: 'Refused', message: 'no' }, printed, 'ours refuses it: no'],
    ['complaints that differ', { kind: 'Refused', message: 'no' }, { kind: 'Refused', complaint: 'Error: never' }, 'complaints differ'],
  ] as const)('finds %s', async (_, outcome, helms, words, notes?: string) => {
    const verdict = await judge(outcome, helms, notes);
    expect(verdict).toMatchObject({ kind: 'Different', differences: [expect.stringContaining(words)] });
  });
});
