import { statusOf } from './answers.ts';
import type { Kind } from './kinds.ts';
import { jsonOf, metadataJsonOf, PARTIAL, type Stored } from './object.ts';
import { isSelected, type Selector } from './selectors.ts';
import type { Commit, Store } from './store.ts';

export interface WatchOptions {
  readonly kind: Kind;
  readonly selector: Selector;
  /** The resourceVersion that it begins after. */
  readonly from: number;
  readonly isPartial: boolean;
}

/** Events of one selection, as lines of JSON, in the order of the commits. */
export class Watch {
  readonly kind: Kind;
  readonly #store: Store;
  readonly #options: WatchOptions;

  constructor(store: Store, options: WatchOptions) {
    this.#store = store;
    this.#options = options;
    this.kind = options.kind;
  }

  /** Gives every line to `tell`, those of the past at once; the returned function ends it. Undefined where the past is forgotten. */
  start(tell: (line: string) => void): (() => void) | undefined {
    const past = this.#store.since(this.#options.from);
    if (past === undefined) return undefined;
    for (const commit of past) this.#tell(commit, tell);
    return this.#store.listen((commit) => this.#tell(commit, tell));
  }

  /** Says how far it is, without an object. */
  bookmark(): string {
    const { kind, apiVersion } = this.#options.isPartial ? PARTIAL : this.kind;
    return `${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata: { resourceVersion: String(this.#store.revision) } } })}\n`;
  }

  #tell({ at, kind, before, after }: Commit, tell: (line: string) => void): void {
    const { selector, isPartial } = this.#options;
    if (kind !== this.kind) return;
    const [was, is] = [before, after].map((object) => (object !== undefined && isSelected(object, selector) ? object : undefined));
    const print = isPartial ? metadataJsonOf : jsonOf;
    if (is !== undefined) tell(`{"type":"${was === undefined ? 'ADDED' : 'MODIFIED'}","object":${print(is)}}\n`);
    else if (was !== undefined) tell(`{"type":"DELETED","object":${print(lastOf(was, at))}}\n`);
  }
}

/** An object that is gone comes as it was last, with the resourceVersion of its end. */
const lastOf = (object: Stored, at: number): Stored => ({ ...object, metadata: { ...object.metadata, resourceVersion: String(at) } });

/** The only line of a watch that begins before what is remembered. */
export const GONE = `${JSON.stringify({ type: 'ERROR', object: statusOf(410, 'Expired', 'too old resource version') })}\n`;
