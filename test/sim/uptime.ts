import type { Random } from '../seeded.ts';
import { type Answer, failure, JSON_HEADERS } from './api/answers.ts';
import { groupsWithout } from './api/discovery.ts';
import { RELEASES } from './api/kinds.ts';
import type { Request } from './api/server.ts';
import type { Timeline } from './timeline.ts';

/** How far a process of the API server has come: away; knowing nobody's rights; not knowing its CustomResourceDefinitions; ready. */
type Phase = 'Away' | 'Refusing' | 'Starting' | 'Ready';

interface Stage {
  readonly phase: Phase;
  /** From the one before it on. */
  readonly afterMs: number;
}

/** When the API server is there, and what it says before it is ready: what docs/adr/0022-a-ready-api-server.md has measured, and for longer. */
export class Uptime {
  readonly #timeline: Timeline;
  readonly #lost = new Set<() => void>();
  #phase: Phase = 'Ready';
  #process = 1;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Which process it is that answers: the first, the second, and so on. */
  get process(): number {
    return this.#process;
  }

  get isAway(): boolean {
    return this.#phase === 'Away';
  }

  /** Ends the process, with every connection to it; another one comes some seconds later, and is ready again some seconds after that. */
  restart(random: Random): void {
    if (this.#phase !== 'Ready') return;
    const [away, refusing, starting] = [5_000 * random(), 2_000 * random(), 20_000 * random() ** 2];
    this.#phase = 'Away';
    this.#process += 1;
    for (const lose of [...this.#lost]) lose();
    this.#comeTo([
      { phase: 'Refusing', afterMs: away },
      { phase: 'Starting', afterMs: refusing },
      { phase: 'Ready', afterMs: starting },
    ]);
  }

  /** Calls back when the process ends that answers now; returns how to have it not do so. */
  whenLost(lose: () => void): () => void {
    this.#lost.add(lose);
    return () => this.#lost.delete(lose);
  }

  /** What is answered in place of the truth; undefined where that is the truth. */
  answer({ path }: Pick<Request, 'path'>): Answer | undefined {
    if (this.#phase === 'Ready') return undefined;
    if (this.#phase !== 'Starting') return failure(403, 'Forbidden', EARLY);
    const [resource = ''] = path.split('?');
    if (resource === '/readyz') return { status: 500, headers: {}, body: '[-]poststarthook/crd-informer-synced failed: reason withheld' };
    if (resource === '/apis') return { status: 200, headers: JSON_HEADERS, body: GROUPS_AT_FIRST };
    return resource.startsWith(CUSTOM) ? failure(503, 'ServiceUnavailable', EARLY) : undefined;
  }

  /** One after the other: what falls on the same moment comes in an order drawn by lot. */
  #comeTo([next, ...later]: readonly Stage[]): void {
    if (next === undefined) return;
    this.#timeline.after(next.afterMs, `the API server is ${next.phase}`, () => {
      this.#phase = next.phase;
      this.#comeTo(later);
    });
  }
}

/** What the one CustomResourceDefinition there is serves. */
const CUSTOM = `/apis/${RELEASES.apiVersion}/`;
const GROUPS_AT_FIRST = groupsWithout(RELEASES);
const EARLY = 'it has just started';
