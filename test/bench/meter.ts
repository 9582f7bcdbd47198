import { setTimeout as delay } from 'node:timers/promises';
import { sum } from './figures.ts';
import { childrenOf, cpuMsOf, programOf, rssMiBOf } from './proc.ts';

/** The programs whose cost is told apart. */
export const PARTS = ['operator', 'engines', 'kube-apiserver', 'etcd', 'kube-controller-manager'] as const;
export type Part = (typeof PARTS)[number];

export type CpuMs = Readonly<Record<Part, number>>;

/** Largest resident memory seen, in MiB. `together` is the largest sum of one moment, not the sum of the largest. */
export interface RssPeak {
  readonly operator: number;
  readonly engines: number;
  readonly together: number;
}

const ENGINE_PROGRAM = 'helm-engine';
const SAMPLE_MS = 100;
const QUIET_WINDOW_MS = 500;
/** Of a core: what a control plane with nothing to do takes, and some. */
const QUIET_SHARE = 0.3;
const QUIET_WITHIN_MS = 60_000;

/** Reads CPU time and memory of operator, engines and control plane from /proc, ten times a second from `start` on. */
export class Meter {
  readonly #operator: number;
  readonly #fixed: ReadonlyMap<Part, number>;
  /** By pid, so that an engine that has ended still counts. */
  readonly #engineCpuMs = new Map<number, number>();
  #peak: RssPeak = { operator: 0, engines: 0, together: 0 };
  readonly #timer: NodeJS.Timeout;

  constructor(operator: number, controlPlane: Readonly<Record<'kube-apiserver' | 'etcd' | 'kube-controller-manager', number>>) {
    this.#operator = operator;
    this.#fixed = new Map<Part, number>([['operator', operator], ...(Object.entries(controlPlane) as [Part, number][])]);
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  get rssPeak(): RssPeak {
    return this.#peak;
  }

  /** CPU time so far. Throws when one of the programs has ended. */
  cpuMs(): CpuMs {
    this.#sample();
    const of = (part: Part): number => {
      if (part === 'engines') return sum(this.#engineCpuMs.values());
      const cpu = cpuMsOf(this.#fixed.get(part) ?? 0);
      if (cpu === undefined) throw new Error(`cannot read the CPU time of ${part}: it has ended; its log says why`);
      return cpu;
    };
    return Object.fromEntries(PARTS.map((part) => [part, of(part)])) as CpuMs;
  }

  /** Resolves when all of them have next to nothing to do, so that what follows is not charged for what came before. */
  async quiet(signal: AbortSignal): Promise<void> {
    for (const until = Date.now() + QUIET_WITHIN_MS; Date.now() < until; ) {
      const before = this.cpuMs();
      await delay(QUIET_WINDOW_MS, undefined, { signal });
      const after = this.cpuMs();
      if (sum(PARTS.map((part) => after[part] - before[part])) < QUIET_SHARE * QUIET_WINDOW_MS) return;
    }
    throw new Error(`operator and control plane were still busy after ${QUIET_WITHIN_MS / 1000} s with nothing to do; the operator's log says with what`);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    // A child that has not become an engine yet has its parent's memory.
    const pids = childrenOf(this.#operator).filter((pid) => programOf(pid) === ENGINE_PROGRAM);
    for (const pid of pids) this.#engineCpuMs.set(pid, cpuMsOf(pid) ?? this.#engineCpuMs.get(pid) ?? 0);
    const [operator, engines] = [rssMiBOf(this.#operator), sum(pids.map(rssMiBOf))];
    const { together, ...peak } = this.#peak;
    this.#peak = { operator: Math.max(peak.operator, operator), engines: Math.max(peak.engines, engines), together: Math.max(together, operator + engines) };
  }
}
