import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { bringUp, type Connection, type LabSpec } from './bring-up.ts';
import { Children } from './children.ts';
import { layoutOf } from './layout.ts';
import type { PartName } from './parts.ts';

/** What the supervisor says to the program that started it: first that the lab is ready or not, then how each order ended. */
export type Report = { readonly kind: 'ready'; readonly connection: Connection } | { readonly kind: 'failed'; readonly reason: string } | { readonly kind: 'done' };

/** What the owner may tell it: to start a part that has ended. */
export interface Order {
  readonly restart: PartName;
  /** Behind those that it was started with. */
  readonly moreArgs: readonly string[];
}

// The one parent of a lab's programs. It ends them and itself on SIGTERM, and when the channel to its owner closes, which
// the kernel does however the owner dies; a background lab goes on after its start is over.
const spec = JSON.parse(process.argv[2] ?? '{}') as LabSpec; // written by launch.ts
const at = layoutOf(spec.dir);
mkdirSync(at.dir, { recursive: true });
const children = new Children(at);
let isUp = false;

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => void quit(0));
process.on('disconnect', () => {
  if (spec.mode === 'owned' || !isUp) void quit(0);
});
process.on('message', ({ restart, moreArgs }: Order) => {
  const failed = (error: unknown) => ({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) }) as const;
  void children.restart(restart, moreArgs).then(
    () => tell({ kind: 'done' }),
    (error: unknown) => tell(failed(error)),
  );
});
if (process.connected) await run();
else await quit(0); // the owner died before we could listen

async function run(): Promise<void> {
  try {
    const connection = await bringUp(spec, at, children);
    writeFileSync(at.lab, JSON.stringify({ ...connection, tools: spec.tools }, null, 1), { mode: 0o600 });
    isUp = true;
    await tell({ kind: 'ready', connection });
  } catch (error) {
    await tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    await quit(1);
  }
}

async function quit(code: number): Promise<void> {
  rmSync(at.lab, { force: true });
  await children.close();
  rmSync(at.pids, { force: true });
  process.exit(code);
}

/** Resolves when it is sent, or can't be: then `disconnect` decides what follows. */
function tell(report: Report): Promise<void> {
  return new Promise((sent) => {
    if (!process.connected || process.send === undefined) return sent();
    process.send(report, undefined, {}, () => sent());
  });
}
