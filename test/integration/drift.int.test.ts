import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Edit, edits, widgetCrd } from './drift-edits.ts';
import { conditionIn, openSite, type Site } from './site.ts';

type Json = Readonly<Record<string, unknown>>;

let site: Site;
beforeAll(async () => {
  site = await openSite('drift');
});
afterAll(() => site.close());

const TYPES = { Merge: 'application/merge-patch+json', Strategic: 'application/strategic-merge-patch+json', JsonPatch: 'application/json-patch+json' } as const;
const BESIDE = { 'example.com/beside': 'stays' };

const nameOf = ({ id, isCluster }: Edit): string => (isCluster === true ? `${site.namespace}-${id}` : id);
const pathOf = ({ collection, isCluster }: Edit): string => {
  const parts = collection.split('/');
  const root = parts.length === 1 ? '/api/v1' : `/apis/${parts.slice(0, -1).join('/')}`;
  return `${root}${isCluster === true ? '' : `/namespaces/${site.namespace}`}/${parts.at(-1)}`;
};
const at = (edit: Edit): string => `${pathOf(edit)}/${nameOf(edit)}`;
const manifestOf = (edit: Edit): Json => ({ ...edit.object, metadata: { ...(edit.object['metadata'] as object | undefined), name: nameOf(edit) } });
const isGoneBy = ({ act }: Edit): boolean => act.kind === 'Delete' || act.kind === 'Recreate';

/** Somebody adds a label of his own beside ours, then edits. */
const act = async (edit: Edit): Promise<void> => {
  const { act: how } = edit;
  const name = nameOf(edit);
  if (!isGoneBy(edit)) await site.ask('PATCH', `${at(edit)}?fieldManager=somebody`, { metadata: { labels: BESIDE } }, TYPES.Merge);
  switch (how.kind) {
    case 'Merge':
    case 'Strategic':
    case 'JsonPatch':
      await site.ask('PATCH', `${at(edit)}?fieldManager=somebody`, how.patch, TYPES[how.kind]);
      return;
    case 'Apply':
      await site.ask(
        'PATCH',
        `${at(edit)}?fieldManager=somebody&force=true`,
        { ...manifestOf({ ...edit, object: { apiVersion: edit.object.apiVersion, kind: edit.object.kind } }), ...how.object },
        'application/apply-patch+yaml',
      );
      return;
    case 'Put':
      await site.ask('PUT', `${at(edit)}?fieldManager=somebody`, { ...(await site.read(at(edit))), ...how.change });
      return;
    case 'Kubectl': {
      const { apiVersion, kind } = edit.object;
      const input = how.input === undefined ? undefined : JSON.stringify({ apiVersion, kind, metadata: { name }, ...how.input });
      await site.kubectl(
        how.args.map((arg) => arg.replace('$N', name)),
        input,
      );
      return;
    }
    case 'Delete':
      await site.ask('DELETE', at(edit));
      return;
    case 'Recreate': {
      const { labels } = metadataOf(await site.read(at(edit)));
      await site.ask('DELETE', at(edit));
      // Where drift is corrected the operator may be faster.
      await site.ask('POST', `${pathOf(edit)}?fieldManager=somebody`, { ...manifestOf(edit), metadata: { name, labels } }).catch((error: unknown) => {
        if (!String(error).includes('AlreadyExists')) throw error;
      });
    }
  }
};

const metadataOf = (object: Json | undefined): Json => (object?.['metadata'] ?? {}) as Json;

/** What is ours, and what it says; what the API server gives out anew with every object or write is left out. */
const essence = (object: Json | undefined): unknown => {
  if (object === undefined) return undefined;
  const { status: _, ...rest } = object;
  const { labels, annotations, managedFields } = metadataOf(object);
  const { 'kubectl.kubernetes.io/last-applied-configuration': _1, 'deployment.kubernetes.io/revision': _2, ...notes } = { ...(annotations as Record<string, string> | undefined) };
  const { clusterIP: _3, clusterIPs: _4, ...spec } = { ...(object['spec'] as Json | undefined) };
  const own = (managedFields as readonly Json[]).filter(({ manager, operation }) => manager === 'tagalong' && operation === 'Apply').map(({ fieldsV1 }) => fieldsV1);
  return { ...rest, spec, metadata: { labels, notes }, own };
};

const withLabels = (before: unknown, labels: Json): unknown => {
  const { metadata, ...rest } = before as { readonly metadata: { readonly labels: Json; readonly notes: Json } };
  return { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
};

/** Seconds until it is so, or an Error. */
const until = async (what: string, isSo: () => Promise<boolean>, describeIt: () => Promise<string>): Promise<number> => {
  const began = performance.now();
  while (performance.now() - began < 15_000) {
    if (await isSo()) return (performance.now() - began) / 1000;
    await delay(40);
  }
  throw new Error(`${what}: ${await describeIt()}`);
};

/** So many people at work at once. */
const LANES = 4;

/** Seconds that each of the edits took, or all that went wrong. */
const timesOf = async (all: readonly Edit[], take: (edit: Edit) => Promise<number>): Promise<readonly number[]> => {
  const rest = [...all];
  const times: number[] = [];
  const faults: string[] = [];
  const lane = async () => {
    for (let edit = rest.shift(); edit !== undefined; edit = rest.shift()) {
      await take(edit).then(
        (seconds) => times.push(seconds),
        (error: unknown) => faults.push(String(error)),
      );
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  expect(faults).toEqual([]);
  return times;
};

const figuresOf = (seconds: readonly number[]): string => {
  const sorted = seconds.toSorted((one, other) => one - other);
  return `${seconds.length} edits, median ${sorted[Math.floor(sorted.length / 2)]?.toFixed(2)} s, longest ${sorted.at(-1)?.toFixed(2)} s`;
};

/** The figure to reach is 2 s, and what was measured is printed; on a machine that is busy it takes longer, and what is polled for would take more than this. */
const STALLED_S = 10;

describe('edits', () => {
  it('are all found, then taken back without touching what others have added', { timeout: 240_000 }, async () => {
    const group = `${site.namespace}.test`;
    const all = edits(group);
    const templates = Object.fromEntries(
      all.map((edit) => [`templates/${edit.id}.yaml`, `{{- if has "${edit.id}" .Values.edits }}\n${JSON.stringify(manifestOf(edit))}\n{{- end }}\n`]),
    );
    const chart = 'apiVersion: v2\nname: edits\nversion: 1.0.0\n';
    await site.push('edits', 'stable', { 'Chart.yaml': chart, 'values.yaml': 'edits: []\n', 'crds/widgets.yaml': JSON.stringify(widgetCrd(group)), ...templates });
    const releases = Array.from({ length: Math.ceil(all.length / 5) }, (_, index) => ({ name: `edits-${index}`, edits: all.slice(index * 5, index * 5 + 5) }));
    const releaseOf = (edit: Edit) => releases.find((one) => one.edits.includes(edit))?.name ?? '';
    const specOf = (ids: readonly Edit[], mode: string) => ({ chart: site.reference('edits', 'stable'), values: { edits: ids.map(({ id }) => id) }, drift: { mode } });
    await Promise.all(releases.map((release) => site.release(release.name, specOf(release.edits, 'Warn'))));
    await Promise.all(releases.map(({ name }) => site.ready(name, 1)));
    const before = new Map(await Promise.all(all.map(async (edit) => [edit.id, essence(await site.read(at(edit)))] as const)));

    const drifted = async (edit: Edit) => conditionIn((await site.seen(releaseOf(edit)))?.status ?? {}, 'Drifted')?.message ?? '';
    const found = await timesOf(all, async (edit) => {
      await act(edit);
      return until(
        `${edit.id} is found`,
        async () => (await drifted(edit)).includes(`${edit.object.kind} ${edit.isCluster === true ? '' : `${site.namespace}/`}${nameOf(edit)}${edit.says}`),
        () => drifted(edit),
      );
    });
    console.log(`drift found: ${figuresOf(found)}`);
    expect(Math.max(...found)).toBeLessThan(STALLED_S);

    const restored = (edit: Edit, labels: Json) => withLabels(before.get(edit.id), isGoneBy(edit) ? {} : labels);
    const isRestored = async (edit: Edit) => JSON.stringify(sorted(essence(await site.read(at(edit))))) === JSON.stringify(sorted(restored(edit, BESIDE)));
    await Promise.all(releases.map((release) => site.release(release.name, specOf(release.edits, 'Correct'))));
    await Promise.all(
      releases.map(({ name }) =>
        site.reaches(name, 'no drift', (status, { metadata }) => status.observedGeneration === metadata.generation && conditionIn(status, 'Drifted') === undefined),
      ),
    );
    for (const edit of all) expect(essence(await site.read(at(edit))), edit.id).toEqual(restored(edit, BESIDE));

    const corrected = await timesOf(all, async (edit) => {
      await act(edit);
      return until(
        `${edit.id} is corrected`,
        () => isRestored(edit),
        async () => JSON.stringify(essence(await site.read(at(edit)))),
      );
    });
    console.log(`drift corrected: ${figuresOf(corrected)}`);
    expect(Math.max(...corrected)).toBeLessThan(STALLED_S);
    for (const { name } of releases) {
      const status = (await site.seen(name))?.status ?? {};
      expect(status.revision).toBe(1);
      expect(conditionIn(status, 'Ready')?.status).toBe('True');
    }
  });
});

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
};
