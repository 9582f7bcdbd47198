/** One write to a key of etcd, or its deletion. */
export interface Change {
  /** etcd's revision: all changes of all keys are in its order, and no two have the same. */
  readonly at: number;
  readonly key: string;
  /** What was stored; undefined for a deletion. */
  readonly value: string | undefined;
}

const PATIENCE_MS = 30_000;

/**
 * Every change of the keys below `prefix` from etcd's first revision to the creation of the key `last`, in order. etcd
 * leaves none out: it rejects where changes were compacted away (kube-apiserver does that unless it runs with
 * --etcd-compaction-interval=0), or where `last` does not come within 30 s.
 */
export const changesUnder = async (etcd: string, prefix: string, last: string): Promise<readonly Change[]> => {
  const changes: Change[] = [];
  for await (const some of watchUnder(etcd, prefix, { isMeant: () => true, signal: AbortSignal.timeout(PATIENCE_MS) })) {
    for (const change of some) {
      changes.push(change);
      if (change.key === last && change.value !== undefined) return changes; // leaving the loop ends the watch
    }
  }
  throw new Error(`etcd's watch of ${prefix} ended before ${last}`);
};

interface WatchOptions {
  /** Only changes of such keys are handed on. */
  readonly isMeant: (key: string) => boolean;
  readonly signal: AbortSignal;
}

/** Changes of the keys below `prefix` from etcd's first revision on, as they come, in order; rejects where some were compacted away. */
export async function* watchUnder(etcd: string, prefix: string, { isMeant, signal }: WatchOptions): AsyncGenerator<readonly Change[]> {
  const create_request = { key: base64(prefix), range_end: base64(endOf(prefix)), start_revision: '1' };
  const response = await fetch(`${etcd}/v3/watch`, { method: 'POST', body: JSON.stringify({ create_request }), signal });
  for await (const line of linesOf(response)) yield changesIn(line, prefix, isMeant);
}

/** Merges changes of several prefixes into the order in which they happened. */
export const inOrder = (parts: readonly (readonly Change[])[]): readonly Change[] => parts.flat().toSorted((one, other) => one.at - other.at);

/** A line of the watch, in the JSON of etcd's gRPC gateway. */
interface WatchLine {
  readonly result?: {
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly compact_revision?: string;
    readonly events?: readonly { readonly type?: 'DELETE'; readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: string } }[];
  };
  readonly error?: unknown;
}

const changesIn = (line: string, prefix: string, isMeant: WatchOptions['isMeant']): readonly Change[] => {
  const { result, error } = JSON.parse(line) as WatchLine;
  if (result === undefined || result.canceled === true)
    throw new Error(`etcd gives no history of ${prefix}: ${JSON.stringify(error ?? result?.cancel_reason)}, compacted at ${result?.compact_revision}`);
  return (result.events ?? []).flatMap(({ type, kv }) => {
    const key = text(kv.key);
    return isMeant(key) ? [{ at: Number(kv.mod_revision), key, value: type === 'DELETE' ? undefined : text(kv.value ?? '') }] : [];
  });
};

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  let rest: string[] = [];
  for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const [first = '', ...others] = chunk.split('\n');
    rest.push(first);
    if (others.length === 0) continue; // a line of many objects comes in many chunks
    const lines = [rest.join(''), ...others.slice(0, -1)];
    rest = others.slice(-1);
    yield* lines.filter((line) => line !== '');
  }
}

/** The first key behind all that begin with the prefix. */
const endOf = (prefix: string): string => prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

const base64 = (plain: string): string => Buffer.from(plain).toString('base64');

const text = (encoded: string): string => Buffer.from(encoded, 'base64').toString();
