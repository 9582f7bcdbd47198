import { parseAllDocuments } from 'yaml';

/** What the fake engine understands of a request to render. */
export interface RenderHeader {
  readonly values: readonly { readonly text: string }[];
  readonly release: { readonly name: string; readonly namespace: string; readonly revision: number };
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** What templates look up, by the expression that does; nothing is found where it is missing. */
  readonly found?: ReadonlyMap<string, Fields>;
}

const LOOKUP = /\(lookup "(.*?)" "(.*?)" "(.*?)" "(.*?)"\)/;

/** The questions of a chart's templates, by the expression that asks. */
export const questionsIn = (files: Files): ReadonlyMap<string, Fields> =>
  new Map(
    [...files.values()].flatMap((text) =>
      [...text.matchAll(new RegExp(LOOKUP, 'g'))].map(([expression, apiVersion, kind, namespace, name]) => [expression, { apiVersion, kind, namespace, name }] as const),
    ),
  );

/** A chart's files by name. */
export type Files = ReadonlyMap<string, string>;

/** What the fake engine refuses to render, with the engine's own code. */
export class FakeFailure extends Error {
  readonly code: string;
  readonly template: string;
  readonly line: number;

  constructor(code: string, message: string, place: { readonly template: string; readonly line: number } = { template: '', line: 0 }) {
    super(message);
    this.code = code;
    this.template = place.template;
    this.line = place.line;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** An object and what Helm says of it; `json` goes into the attachment. */
export interface FakeObject {
  readonly head: Fields;
  readonly isHook: boolean;
  readonly json: Buffer;
}

export interface FakeRendered {
  readonly chart: Fields;
  readonly notes: string;
  readonly manifest: string;
  readonly objects: readonly FakeObject[];
  readonly crds: readonly FakeObject[];
  readonly hooks: readonly FakeObject[];
  readonly config: Fields;
}

const NO_STAMP = { labels: {}, annotations: {} };

/**
 * Renders as much of Helm's language as the tests' charts use: `{{ .Values.key }}`, `{{ .Release.Name }}`, `{{ fail "message" }}`,
 * and of what is looked up `{{ (lookup "v1" "Secret" "shop" "db").kind }}` and `{{ range (lookup ...).items }}{{ .kind }} {{ end }}`.
 */
export const renderFake = (files: Files, header: RenderHeader): FakeRendered => {
  const meta = metaOf(files);
  const config = mergeValues(header.values);
  const render = (name: string, text: string): string => expand(text, `${meta.name}/${name}`, { ...defaultsOf(files), ...config }, header);
  const sources = [...files].filter(([name]) => name.startsWith('templates/') && name.endsWith('.yaml'));
  const texts = sources.map(([name, text]) => ({ source: `${meta.name}/${name}`, text: render(name, text) }));
  const made = texts.map(({ source, text }) => ({ source, text, objects: readFake(text, header, source) }));
  const plain = made.filter(({ objects }) => objects.every(({ isHook }) => !isHook));
  const crds = [...files].filter(([name]) => name.startsWith('crds/')).flatMap(([name, text]) => readFake(text, NO_STAMP, `${meta.name}/${name}`));
  return {
    chart: { appVersion: '', description: '', type: 'application', ...meta },
    notes: render('NOTES.txt', files.get('templates/NOTES.txt') ?? ''),
    manifest: plain.map(({ source, text }) => `---\n# Source: ${source}\n${text}\n`).join(''),
    objects: plain.flatMap(({ objects }) => objects),
    hooks: made.flatMap(({ objects }) => objects).filter(({ isHook }) => isHook),
    crds,
    config,
  };
};

/** Reads a manifest as the engine does, `source` from its comments where none is given. */
export const readFake = (manifest: string, stamp: Pick<RenderHeader, 'labels' | 'annotations'>, source?: string): readonly FakeObject[] =>
  parseAllDocuments(manifest).flatMap((document) => {
    const value: unknown = document.toJS();
    const named = /^ Source: (.+)$/m.exec(document.commentBefore ?? '')?.[1] ?? /# Source: (.+)/.exec(manifest)?.[1];
    return value === null ? [] : [objectOf(value as Fields, stamp, source ?? named ?? '')];
  });

const metaOf = (files: Files): Fields & { readonly name: string } => {
  const meta: unknown = parseAllDocuments(files.get('Chart.yaml') ?? '')[0]?.toJS();
  if (typeof meta !== 'object' || meta === null) throw new FakeFailure('ChartInvalid', 'Chart.yaml file is missing');
  return meta as Fields & { readonly name: string };
};

const defaultsOf = (files: Files): Fields => (parseAllDocuments(files.get('values.yaml') ?? '{}')[0]?.toJS() ?? {}) as Fields;

const mergeValues = (documents: RenderHeader['values']): Fields => Object.assign({}, ...documents.map(({ text }) => mapOf(text))) as Fields;

const mapOf = (text: string): Fields => {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FakeFailure('ValuesInvalid', 'values are no map');
  return value as Fields;
};

const expand = (text: string, template: string, values: Fields, header: RenderHeader): string => expandPlain(expandLookups(text, header), template, values, header);

const expandLookups = (text: string, { found }: RenderHeader): string =>
  text
    .replaceAll(new RegExp(`\\{\\{ range (${LOOKUP.source})\\.items \\}\\}\\{\\{ \\.kind \\}\\} \\{\\{ end \\}\\}`, 'g'), (_, expression: string) =>
      ((found?.get(expression)?.['items'] ?? []) as readonly Fields[]).map(({ kind }) => `${String(kind)} `).join(''),
    )
    .replaceAll(new RegExp(`\\{\\{ (${LOOKUP.source})\\.kind \\}\\}`, 'g'), (_, expression: string) => String(found?.get(expression)?.['kind'] ?? ''));

const expandPlain = (text: string, template: string, values: Fields, { release }: RenderHeader): string =>
  text.replaceAll(/\{\{ ?(.+?) ?\}\}/g, (whole, expression: string, offset: number) => {
    const value = /^\.Values\.(\w+)$/.exec(expression)?.[1];
    if (value !== undefined) return String(values[value] ?? '');
    if (expression === '.Release.Name') return release.name;
    const line = text.slice(0, offset).split('\n').length;
    throw new FakeFailure('TemplateFailed', /^fail "(.*)"$/.exec(expression)?.[1] ?? `cannot read ${whole}`, { template, line });
  });

const objectOf = (value: Fields, stamp: Pick<RenderHeader, 'labels' | 'annotations'>, source: string): FakeObject => {
  const metadata = (value['metadata'] ?? {}) as Fields & { readonly annotations?: Readonly<Record<string, string>> };
  const own = metadata.annotations ?? {};
  const labels = { ...(metadata['labels'] as Fields | undefined), ...stamp.labels };
  const stamped = { ...value, metadata: { ...metadata, labels, annotations: { ...own, ...stamp.annotations } } };
  const listed = (key: string): readonly string[] => own[key]?.split(',') ?? [];
  return {
    isHook: own['helm.sh/hook'] !== undefined,
    json: Buffer.from(JSON.stringify(stamped)),
    head: {
      apiVersion: value['apiVersion'],
      kind: value['kind'],
      name: metadata['name'] ?? '',
      namespace: metadata['namespace'] ?? '',
      source,
      resourcePolicy: own['helm.sh/resource-policy'] ?? '',
      events: listed('helm.sh/hook'),
      weight: Number(own['helm.sh/hook-weight'] ?? 0),
      deletePolicies: listed('helm.sh/hook-delete-policy'),
    },
  };
};
