import type { RecordHead } from '../../core/record.ts';
import { askedBy } from '../../core/remedy.ts';
import type { Outcome } from '../../core/status.ts';
import { observe } from '../../stages/observe.ts';
import type { Deps } from '../deps.ts';
import { forgetDrift } from '../drift/drift.ts';
import { toldOf } from '../memory.ts';
import { retire } from './retire.ts';
import { type Run, timeoutMsOf } from '../run.ts';
import { undone } from '../settle.ts';

/** Uninstalls a release whose newest revision failed, as its spec asks. Its records stay: they say why, and how often that was tried. */
export const uninstallFailed = async (deps: Deps, run: Run): Promise<Outcome> => {
  const { release, key, address, signal } = run;
  deps.rollouts.forget(key);
  deps.standings.take(key);
  forgetDrift(deps, key);
  const retirement = {
    owner: release.metadata,
    address,
    isAdmitted: true,
    except: [],
    told: toldOf(release, address),
    timeoutMs: timeoutMsOf(release),
    keepsRecords: true,
    isNamespaceGoing: false,
  };
  const held = await retire(deps, retirement, signal);
  const records = await observe(deps.records, address, signal);
  if (held !== undefined) return { reason: 'Progressing', message: `uninstalling after a failure: waiting for ${held.message}`, records, lookAgainAfterMs: held.lookAgainAfterMs };
  const newest = records.at(-1);
  return newest === undefined ? { reason: 'Progressing', message: 'its records are gone', records, lookAgainAfterMs: 0 } : absent(deps, run, records, newest);
};

/** A release that was uninstalled because a revision failed, and whose time has not come yet. */
export const absent = async (deps: Deps, { address, signal }: Run, records: readonly RecordHead[], by: RecordHead): Promise<Outcome> => {
  const { description } = await deps.records.read(address, by, signal);
  const asked = askedBy(by) ?? { reference: '', chartDigest: '', attempt: 1 };
  return { reason: 'UninstalledAfterFailure', records, inventory: [], ...undone(by, { ...asked, why: description }) };
};
