import type { ApiCall } from '../lab/api-call.ts';
import type { Blow } from '../lab/api-proxy.ts';
import type { Operator } from '../lab/operator.ts';
import { type Lane, tokenIn } from './lane.ts';
import type { Kill, Mode } from './points.ts';

/** One operator's time, from when it is watched to its end or to where a run leaves it. */
export interface Life {
  /** Its writes that bear on the release, as `PATCH /api/...`. */
  readonly own: readonly string[];
  /** Those that bear on other ones, by the name of the release. */
  readonly others: readonly (readonly [release: string, what: string])[];
  /** Whether its write has come, and it ends or has ended. */
  readonly isStruck: () => boolean;
  /** Resolves when it has ended as was wanted; never where its write does not come. */
  readonly over: Promise<void>;
}

/** A lane, as far as it is of use here: the operator is another one after each start. */
interface Watched extends Pick<Lane, 'proxy'> {
  readonly operator: Pick<Operator, 'stop' | 'kill'>;
}

/** Sees to it that the operator of a lane, the one that runs or the next that is started, ends about its n-th write for a release. */
export const watchLife = (lane: Watched, release: string, kill: Kill | undefined): Life => {
  const [own, others]: [string[], [string, string][]] = [[], []];
  let isStruck = false;
  const over = new Promise<void>((resolve, reject) => {
    const end = (): void => {
      isStruck = true;
      void (kill?.mode === 'Terminated' ? lane.operator.stop() : lane.operator.kill()).then(resolve, reject);
    };
    const isMeant = (write: ApiCall): boolean => {
      const about = isCounted(write) ? releaseOf(write) : undefined;
      if (about === undefined) return false;
      const what = `${write.method} ${write.path}`;
      if (about === release) own.push(what);
      else others.push([about, what]);
      if (about !== release || kill === undefined) return false;
      if (kill.mode === 'Terminated' && own.length === kill.write) end();
      return kill.mode !== 'Terminated' && own.length >= kill.write;
    };
    void lane.proxy.arm({ blow: BLOWS[kill?.mode ?? 'Terminated'], delayMs: 0, isMeant, strike: end });
  });
  return { own, others, isStruck: () => isStruck, over };
};

/** A dry run changes nothing. */
const isCounted = ({ path }: ApiCall): boolean => !path.includes('dryRun=All');

/** Events are of whom they regard. */
const releaseOf = ({ path, body }: ApiCall): string | undefined => tokenIn(path) || tokenIn(body) || undefined;

/** Who is asked to end is not cut off: its proxy strikes never. */
const BLOWS: Readonly<Record<Mode, Blow>> = { Unsent: 'BeforeSend', Unanswered: 'AfterCommit', Answered: 'AfterAnswer', Terminated: 'AfterAnswer' };
