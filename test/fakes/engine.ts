/**
 * A helm-engine for tests: speaks the protocol over stdin and stdout, and misbehaves as its first argument says. Started
 * as a program, with a codec of its own, so that a fault in ours is not met by the same fault here.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { type FakeObject, FakeFailure, type Files, questionsIn, readFake, renderFake, type RenderHeader } from './engine-render.ts';

export type EngineMode =
  /** Works. */
  | 'good'
  /** Works; forgets every chart at once. */
  | 'forgetful'
  /** Works, but only after it has crashed once; the second argument is the file that says so. */
  | 'crash-once'
  /** Does what the release's name says up to its first dash, as in `hang-1`: hang, crash, garbage, over (its cap), greedy, oom, slow; works otherwise. */
  | 'by-release'
  | 'hang'
  | 'crash'
  | 'garbage'
  | 'wrong-id'
  | 'wrong-kind'
  | 'over-cap'
  | 'bad-span'
  | 'chatty'
  | 'deaf'
  /** Looks something up, and ends. */
  | 'ask-and-end'
  /** Looks something up, and replies without an answer. */
  | 'ask-and-go-on'
  /** Misbehave before they are ready. */
  | 'never-ready'
  | 'other-protocol'
  | 'exit-at-start'
  /** Works, in very small pieces. */
  | 'drip'
  /** Works; does not end when its stdin does. */
  | 'stubborn';

interface Request {
  readonly header: { readonly id: number; readonly op: string; readonly [key: string]: unknown };
  readonly attachment: Buffer;
  readonly found?: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

const [mode = 'good', marker = ''] = process.argv.slice(2);
const charts = new Map<string, Files>();

const frame = (header: unknown, attachment: Buffer = Buffer.alloc(0)): Buffer => {
  const json = Buffer.from(JSON.stringify(header));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(4 + json.length + attachment.length, 0);
  lengths.writeUInt32BE(json.length, 4);
  return Buffer.concat([lengths, json, attachment]);
};

const send = (bytes: Buffer): void => void process.stdout.write(bytes);

const crash = (): void => {
  const half = frame({ id: 1, kind: 'rendered' });
  process.stdout.write(half.subarray(0, half.length - 3), () => {
    process.stderr.write('panic: out of luck\n\ngoroutine 1 [running]:\n', () => process.exit(2));
  });
};

/** Collects what spans point into. */
class Attachment {
  bytes = Buffer.alloc(0);

  add(bytes: Buffer): readonly [number, number] {
    const offset = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, bytes]);
    return [offset, bytes.length];
  }

  heads(objects: readonly FakeObject[]): readonly unknown[] {
    return objects.map(({ head, json }) => ({ ...head, json: this.add(json) }));
  }
}

const filesOf = ({ header, attachment }: Request): Files | undefined => {
  const chart = header['chart'] as { digest: string; files?: readonly { name: string; size: number }[] };
  if (chart.files === undefined) return charts.get(chart.digest);
  const files = new Map<string, string>();
  let offset = 0;
  for (const { name, size } of chart.files) {
    files.set(name, attachment.toString('utf8', offset, offset + size));
    offset += size;
  }
  if (mode !== 'forgetful') charts.set(chart.digest, files);
  return files;
};

const render = (request: Request): Buffer => {
  const { id } = request.header;
  const files = filesOf(request);
  if (files === undefined) return frame({ id, kind: 'chartNeeded' });
  const made = renderFake(files, { ...(request.header as unknown as RenderHeader), ...(request.found !== undefined && { found: request.found }) });
  const spans = new Attachment();
  const header = {
    id,
    kind: 'rendered',
    chart: made.chart,
    notes: made.notes,
    manifest: spans.add(Buffer.from(made.manifest)),
    objects: spans.heads(made.objects),
    crds: spans.heads(made.crds),
    hooks: spans.heads(made.hooks),
    recordChart: spans.add(Buffer.from(JSON.stringify({ metadata: made.chart }))),
    recordHooks: spans.add(Buffer.from(JSON.stringify(made.hooks.map(({ head }) => head)))),
    config: spans.add(Buffer.from(JSON.stringify(made.config))),
  };
  return frame(header, spans.bytes);
};

const read = ({ header, attachment }: Request): Buffer => {
  const [offset, length] = header['manifest'] as [number, number];
  const spans = new Attachment();
  const text = attachment.toString('utf8', offset, offset + length);
  const documents = text.split(/^---\n/m).filter((document) => document.trim() !== '');
  const objects = documents.flatMap((document) => readFake(document, header as unknown as RenderHeader));
  return frame({ id: header.id, kind: 'read', objects: spans.heads(objects) }, spans.bytes);
};

const work = (request: Request): Buffer => {
  try {
    return request.header.op === 'render' ? render(request) : read(request);
  } catch (error) {
    if (!(error instanceof FakeFailure)) throw error;
    const { code, message, template, line } = error;
    return frame({ id: request.header.id, kind: 'failed', code, message, template, line });
  }
};

const crashOnce = (request: Request): void => {
  if (existsSync(marker)) {
    send(work(request));
  } else {
    writeFileSync(marker, '');
    crash();
  }
};

const byRelease = (request: Request): void => {
  const name = (request.header['release'] as { name: string } | undefined)?.name.split('-')[0] ?? '';
  const act = BY_RELEASE[name] ?? ((each) => send(work(each)));
  act(request);
};

const hoard: Buffer[] = [];

/** Takes 128 MiB that nobody gives back, and hangs. */
const greedy = (): void => void hoard.push(Buffer.alloc(128 * 1024 * 1024, 1));

/** Ends as the real one does when it finds itself too large. */
const oom = (): void => void process.stderr.write('helm-engine: 9 bytes of memory are in use, at most 8 are allowed\n', () => process.exit(137));

const SLOW_MS = 700;

const chatty = (request: Request): void => {
  send(Buffer.concat([work(request), frame({ id: request.header.id, kind: 'chartNeeded' })]));
};

const drip = (bytes: Buffer): void => {
  send(bytes.subarray(0, 7));
  if (bytes.length > 7) setImmediate(() => drip(bytes.subarray(7)));
};

const overCap = (): void => {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(32 * 1024 * 1024 + 1, 0);
  send(lengths);
};

const object = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: '', source: '', resourcePolicy: '' };

const garbage = (): void => send(Buffer.from('level=INFO msg="a log line on stdout"\n'));

const question = (id: number): Buffer => frame({ id, kind: 'lookup', number: 1, question: { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db' } });

const BY_RELEASE: Readonly<Record<string, (request: Request) => void>> = {
  hang: () => undefined,
  crash,
  garbage,
  over: overCap,
  greedy,
  oom,
  slow: (request) => void setTimeout(() => send(work(request)), SLOW_MS),
};

const ANSWERS: Readonly<Record<string, (request: Request) => void>> = {
  hang: () => undefined,
  crash,
  garbage,
  'wrong-id': ({ header }) => send(frame({ id: header.id + 1, kind: 'chartNeeded' })),
  'wrong-kind': ({ header }) => send(frame({ id: header.id, kind: 'chartNeeded' })),
  'over-cap': overCap,
  'bad-span': ({ header }) => send(frame({ id: header.id, kind: 'read', objects: [{ ...object, json: [1, 2] }] }, Buffer.from('{}'))),
  chatty,
  drip: (request) => drip(work(request)),
  'by-release': byRelease,
  'crash-once': crashOnce,
  'ask-and-end': ({ header }) => {
    process.stdout.write(question(header.id), () => process.exit(1));
  },
  'ask-and-go-on': (request) => send(Buffer.concat([question(request.header.id), work(request)])),
};

let waiting = Buffer.alloc(0);

const receive = (chunk: Buffer): void => {
  waiting = Buffer.concat([waiting, chunk]);
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
    const body = waiting.subarray(4, 4 + waiting.readUInt32BE(0));
    waiting = waiting.subarray(4 + body.length);
    const end = 4 + body.readUInt32BE(0);
    const request = { header: JSON.parse(body.toString('utf8', 4, end)) as Request['header'], attachment: body.subarray(end) };
    if (request.header.op === 'answer') answered?.(request);
    else void begin(request);
  }
};

let answered: ((answer: Request) => void) | undefined;

/** Does what the mode says, once all that the chart's templates look up is known. */
const begin = async (request: Request): Promise<void> => {
  const act = ANSWERS[mode] ?? ((each: Request) => send(work(each)));
  const files = request.header['lookups'] === true ? filesOf(request) : undefined;
  const questions = [...(files === undefined ? [] : questionsIn(files))];
  if (questions.length === 0) return act(request);
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [index, [expression, question]] of questions.entries()) {
    const failure = await lookUp(request.header.id, index + 1, question, (content) => found.set(expression, content));
    if (failure !== '') return send(frame({ id: request.header.id, kind: 'failed', code: 'LookupFailed', message: failure, template: 'hello/templates/lookup.yaml', line: 7 }));
  }
  act({ ...request, found });
};

/** Asks, and gives the words of a failure; empty where there is none. */
const lookUp = async (id: number, number: number, question: unknown, keep: (content: Readonly<Record<string, unknown>>) => void): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<Request>();
  answered = resolve;
  send(frame({ id, kind: 'lookup', number, question }));
  const { header, attachment } = await promise;
  const pages = header['pages'] as readonly (readonly [number, number])[];
  const parts = pages.map(([offset, length]) => JSON.parse(attachment.toString('utf8', offset, offset + length)) as { readonly items?: readonly unknown[] });
  if (parts[0] !== undefined) keep({ ...parts[0], items: parts.flatMap(({ items }) => items ?? []) });
  return header['failure'] as string;
};

const NOT_FOREVER_MS = 60_000;

if (mode === 'exit-at-start') {
  process.stderr.write('no luck today\n', () => process.exit(3));
} else if (mode === 'never-ready') {
  process.stdin.resume();
} else {
  send(frame({ kind: 'ready', helm: 'v0.0.0-fake', protocol: mode === 'other-protocol' ? 7 : 3 }));
  if (mode === 'deaf') process.stdin.destroy();
  else process.stdin.on('data', receive);
  if (mode === 'deaf' || mode === 'stubborn') setTimeout(() => undefined, NOT_FOREVER_MS);
}
