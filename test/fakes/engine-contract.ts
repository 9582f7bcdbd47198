import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chart } from '../../src/ports/registry.ts';
import type { LookUp, Rendered, Renderer, RenderRequest } from '../../src/ports/renderer.ts';
import type { ValuesDocument } from '../../src/core/values.ts';

const NEVER = new AbortController().signal;

const CONFIG = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  annotations:
    helm.sh/resource-policy: keep
data:
  greeting: "{{ .Values.greeting }}"
  name: "{{ .Values.name }}"
`;

const HOOK = `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "-5"
    helm.sh/hook-delete-policy: hook-succeeded
spec:
  template: {}
`;

const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: bells.example.com
`;

/** A small chart in plain text, whose digest is `digest`. */
export const contractChart = (digest: string, files: Readonly<Record<string, string>> = {}): Chart => ({
  digest,
  overrides: undefined,
  files: Object.entries({
    'Chart.yaml': 'apiVersion: v2\nname: hello\nversion: 1.2.3\nappVersion: "4.5"\n',
    'values.yaml': 'greeting: hello\nname: world\n',
    'templates/config.yaml': CONFIG,
    'templates/hook.yaml': HOOK,
    'templates/NOTES.txt': 'Say {{ .Values.greeting }}.',
    'crds/bell.yaml': CRD,
    ...files,
  }).map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
});

/** Values as they stand in the spec. */
export const valuesOf = (text: string): ValuesDocument => ({ text, name: 'spec.values', isLiteral: false, isSecret: false });

/** A request to render it. */
export const contractRequest = (request: Partial<RenderRequest> = {}): RenderRequest => ({
  chart: contractChart('sha256:a'),
  values: [],
  skipSchemaValidation: false,
  release: { name: 'front', namespace: 'shop', revision: 1, action: 'install' },
  capabilities: { kubeVersion: 'v1.36.3', apiVersions: ['v1', 'apps/v1', 'batch/v1'] },
  stamp: { labels: { owner: 'front' }, annotations: { since: 'today' } },
  ...request,
});

const jsonOf = (bytes: Uint8Array | undefined): unknown => JSON.parse(new TextDecoder().decode(bytes));

export interface ClosableRenderer extends Renderer {
  close(): Promise<void>;
}

/** What every Renderer promises; `open` gives one for the whole suite. */
export const rendererContract = (name: string, open: () => ClosableRenderer): void => {
  describe(name, { timeout: 30_000 }, () => {
    let renderer: ClosableRenderer;
    const render = (request: Partial<RenderRequest> = {}) => renderer.render(contractRequest(request), NEVER);

    beforeAll(() => {
      renderer = open();
    });

    afterAll(() => renderer.close());

    it('renders objects with their identity, source and policy', async () => {
      const { objects } = await render();
      expect(objects).toMatchObject([{ apiVersion: 'v1', kind: 'ConfigMap', name: 'front', namespace: '', source: 'hello/templates/config.yaml', resourcePolicy: 'keep' }]);
    });

    it('stamps objects and hooks, and neither CRDs nor the recorded manifest', async () => {
      const { objects, hooks, crds, manifest } = await render();
      const stamped = { labels: { owner: 'front' }, annotations: { since: 'today' } };
      expect(jsonOf(objects[0]?.json)).toMatchObject({ kind: 'ConfigMap', metadata: stamped, data: { greeting: 'hello' } });
      expect(jsonOf(hooks[0]?.json)).toMatchObject({ kind: 'Job', metadata: stamped });
      expect(jsonOf(crds[0]?.json)).not.toMatchObject({ metadata: stamped });
      expect(manifest).not.toContain('owner');
    });

    it('tells hooks from objects', async () => {
      const { hooks } = await render();
      expect(hooks).toMatchObject([{ kind: 'Job', name: 'front-migrate', events: ['pre-install', 'pre-upgrade'], weight: -5, deletePolicies: ['hook-succeeded'] }]);
    });

    it('gives chart, notes, CRDs and the parts of a record', async () => {
      const { chart, notes, crds, manifest, recordParts } = await render({ values: [valuesOf('{"name":"moon"}')] });
      expect(chart).toEqual({ name: 'hello', version: '1.2.3', appVersion: '4.5' });
      expect(notes).toBe('Say hello.');
      expect(crds).toMatchObject([{ kind: 'CustomResourceDefinition', name: 'bells.example.com' }]);
      expect(manifest).toContain('---\n# Source: hello/templates/config.yaml\n');
      expect(JSON.parse(recordParts.chart)).toMatchObject({ metadata: { name: 'hello' } });
      expect(JSON.parse(recordParts.hooks)).toHaveLength(1);
      expect(JSON.parse(recordParts.config)).toEqual({ name: 'moon' });
    });

    it('lets later values win', async () => {
      const { objects } = await render({ values: [valuesOf('{"greeting":"ahoj","name":"a"}'), valuesOf('{"name":"b"}')] });
      expect(jsonOf(objects[0]?.json)).toMatchObject({ data: { greeting: 'ahoj', name: 'b' } });
    });

    it('keeps one release out of the next, of the same chart', async () => {
      await render({ values: [valuesOf('{"name":"first"}')] });
      const { objects } = await render({ release: { name: 'back', namespace: 'shop', revision: 2, action: 'upgrade' } });
      expect(jsonOf(objects[0]?.json)).toMatchObject({ metadata: { name: 'back' }, data: { name: 'world' } });
    });

    it('renders many at once, each its own', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `r${index}`);
      const all = await Promise.all(
        names.map((release, index) =>
          render({
            chart: contractChart(`sha256:many${index % 3}`),
            release: { name: release, namespace: 'shop', revision: 1, action: 'install' },
          }),
        ),
      );
      expect(all.map(({ objects }) => objects[0]?.name)).toEqual(names);
    });

    it('gives the bytes of all objects as parts of one buffer', async () => {
      const { objects, hooks, crds } = await render();
      expect(new Set([...objects, ...hooks, ...crds].map(({ json }) => json.buffer)).size).toBe(1);
    });

    it('reads a manifest back into the objects that it was made of', async () => {
      const { manifest, objects } = await render();
      const { stamp } = contractRequest();
      const read = await renderer.read(manifest, stamp, NEVER);
      expect(read.map(({ json: _, ...head }) => head)).toEqual(objects.map(({ json: _, ...head }) => head));
      expect(jsonOf(read[0]?.json)).toEqual(jsonOf(objects[0]?.json));
    });

    it('reads an empty manifest as no objects', async () => {
      expect(await renderer.read('', contractRequest().stamp, NEVER)).toEqual([]);
    });

    const lookupChart = (digest: string, expression: string) =>
      contractChart(digest, { 'templates/lookup.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: found\ndata:\n  a: a\n  kinds: "${expression}"\n` });
    const ONE = '{{ (lookup "v1" "Secret" "shop" "db").kind }}';
    const ALL = '{{ range (lookup "v1" "Secret" "shop" "").items }}{{ .kind }} {{ end }}';
    const pagesOf = (...pages: readonly unknown[]) => pages.map((page) => Buffer.from(JSON.stringify(page)));
    const kindsIn = ({ objects }: Rendered) => jsonOf(objects.find(({ name: one }) => one === 'found')?.json);

    it('asks what templates look up, and gives them what is answered', async () => {
      const asked: unknown[] = [];
      const answers = [pagesOf({ apiVersion: 'v1', kind: 'Secret' }), pagesOf({ kind: 'SecretList', items: [{ kind: 'A' }] }, { kind: 'SecretList', items: [{ kind: 'B' }] })];
      const lookUp: LookUp = async (question) => {
        asked.push(question);
        return { kind: 'Found', pages: answers[asked.length - 1] ?? [] };
      };
      const rendered = await render({ chart: lookupChart('sha256:lookups', `${ONE} ${ALL}`), lookUp });
      expect(kindsIn(rendered)).toMatchObject({ data: { kinds: 'Secret A B ' } });
      const question = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop' };
      expect(asked).toEqual([
        { ...question, name: 'db' },
        { ...question, name: '' },
      ]);
    });

    it('gives each render its own answers, and nothing where nobody answers', async () => {
      const chart = lookupChart('sha256:lookup', ONE);
      const answering =
        (kind: string): LookUp =>
        async () => ({ kind: 'Found', pages: pagesOf({ apiVersion: 'v1', kind }) });
      const nothing: LookUp = async () => ({ kind: 'Found', pages: [] });
      const all = await Promise.all([answering('Sand'), answering('Sea'), nothing, undefined].map(async (lookUp) => kindsIn(await render({ chart, lookUp }))));
      expect(all).toMatchObject(['Sand', 'Sea', '', ''].map((kinds) => ({ data: { kinds } })));
    });

    it('fails a template with the words of who could not answer', async () => {
      const lookUp: LookUp = async () => ({ kind: 'Failed', message: 'cannot look up Secret shop/db: not today' });
      await expect(render({ chart: lookupChart('sha256:lookup', ONE), lookUp })).rejects.toMatchObject({
        code: 'TemplateFailed',
        message: 'hello/templates/lookup.yaml:7: cannot look up Secret shop/db: not today',
      });
    });

    it('takes back what is aborted while an answer is looked for, and works on', async () => {
      const stop = new AbortController();
      const lookUp: LookUp = (_, signal) =>
        new Promise((__, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          stop.abort(new Error('enough'));
        });
      const chart = lookupChart('sha256:lookup', ONE);
      await expect(renderer.render(contractRequest({ chart, lookUp }), stop.signal)).rejects.toThrow('enough');
      await expect(render({ chart })).resolves.toMatchObject({ chart: { name: 'hello' } });
    });

    it('says where a template failed', async () => {
      const chart = contractChart('sha256:failing', { 'templates/config.yaml': 'kind: A\n{{ fail "no such bell" }}\n' });
      await expect(render({ chart })).rejects.toMatchObject({
        name: 'RenderError',
        code: 'TemplateFailed',
        message: expect.stringMatching(/hello\/templates\/config\.yaml:2.*no such bell/),
      });
    });

    it('refuses files that are no chart', async () => {
      const chart = { ...contractChart('sha256:odd'), files: [{ name: 'README.md', bytes: Buffer.from('hello') }] };
      await expect(render({ chart })).rejects.toMatchObject({ code: 'ChartInvalid' });
      await expect(render({ chart: { ...chart, digest: 'sha256:none', files: [] } })).rejects.toMatchObject({ code: 'ChartInvalid' });
    });

    it('refuses values that are no map', async () => {
      await expect(render({ values: [valuesOf('[1]')] })).rejects.toMatchObject({ code: 'ValuesInvalid' });
    });

    it('works on after a failure', async () => {
      await render({ values: [valuesOf('[1]')] }).catch(() => undefined);
      await expect(render()).resolves.toMatchObject({ chart: { name: 'hello' } });
    });

    it('takes back what is aborted, and works on', async () => {
      const stop = new AbortController();
      const aborted = renderer.render(contractRequest(), stop.signal);
      stop.abort(new Error('enough'));
      await expect(aborted).rejects.toThrow('enough');
      await expect(render()).resolves.toMatchObject({ chart: { name: 'hello' } });
    });
  });
};
