import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection, LabSpec } from './bring-up.ts';
import { type Layout, logOf } from './layout.ts';
import type { Report } from './supervisor.ts';

export interface Launched {
  readonly connection: Connection;
  readonly supervisor: ChildProcess;
}

/** Starts the supervisor of a lab and resolves when the lab is ready; rejects with what the supervisor could not do. */
export async function launch(spec: LabSpec, at: Layout): Promise<Launched> {
  const supervisor = forkSupervisor(spec, at);
  const connection = await firstReport(supervisor, logOf(at, 'supervisor'));
  // The owner may end when it likes; the channel closing then ends an owned lab.
  supervisor.unref();
  supervisor.channel?.unref();
  if (spec.mode === 'background') supervisor.disconnect();
  return { connection, supervisor };
}

function forkSupervisor(spec: LabSpec, at: Layout): ChildProcess {
  mkdirSync(at.logs, { recursive: true });
  const log = openSync(logOf(at, 'supervisor'), 'w');
  // In a session of its own: Ctrl-C reaches only the owner, who stops the lab in order.
  const supervisor = fork(join(import.meta.dirname, 'supervisor.ts'), [JSON.stringify(spec)], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return supervisor;
}

function firstReport(supervisor: ChildProcess, log: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    supervisor.once('message', (report: Report) => {
      if (report.kind === 'ready') resolve(report.connection);
      else reject(new Error(`the lab did not start: ${report.kind === 'failed' ? report.reason : report.kind}`));
    });
    supervisor.once('error', reject);
    supervisor.once('exit', (code, signal) => reject(new Error(`the lab's supervisor ended (${signal ?? code}) before the lab was ready; see ${log}`)));
  });
}
