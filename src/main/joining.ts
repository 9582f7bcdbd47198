import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { connectInPod, connectWithKubeconfig, type ConnectionTools } from '../adapters/kube/connect.ts';
import type { Connection } from '../adapters/kube/connection.ts';
import { Tenure } from '../adapters/kube/fence.ts';
import { KubeLease } from '../adapters/kube/lease.ts';
import { Leadership } from '../adapters/kube/leadership.ts';
import type { Config, ElectionSettings } from './config.ts';

/** The way to the cluster, and the part that this replica has in the election of a leader; undefined where it works alone. */
export interface Joined {
  readonly connection: Connection;
  readonly leadership: Leadership | undefined;
}

/** Exit code of a leader who has lost the Lease. */
const LOST = 1;

/** Connects to the cluster. Where a leader is elected, nothing is written over that connection but while this replica leads. Rejects with ClusterError. */
export const join = async ({ access, election }: Pick<Config, 'access' | 'election'>, tools: Omit<ConnectionTools, 'fence'>): Promise<Joined> => {
  if (election === undefined) return { connection: await connect(access, tools), leadership: undefined };
  const { clock, logger } = tools;
  const tenure = new Tenure({ clock, renewDeadlineMs: election.times.renewDeadlineMs, lost: (why) => end(why) });
  const connection = await connect(access, { ...tools, fence: tenure });
  const lease = new KubeLease(connection, placeOf(election, connection));
  // What is remembered of the releases is of no use any more, and what is half done is another's: a new process stands by.
  const end = (why: string): never => {
    void connection.close(); // cuts every request at once
    logger.error({ lease: lease.name, why }, 'this replica leads no longer, and may not write: it ends, to start anew and stand by');
    process.exit(LOST);
  };
  return { connection, leadership: new Leadership({ lease, tenure, identity: `${hostname()}_${randomUUID()}`, times: election.times, clock, logger }) };
};

const connect = (access: Config['access'], tools: ConnectionTools): Promise<Connection> | Connection =>
  access.kind === 'Kubeconfig' ? connectWithKubeconfig(access.file, undefined, tools) : connectInPod(access, tools);

const placeOf = ({ name, namespace }: ElectionSettings, connection: Connection) => ({ name, namespace: namespace ?? connection.namespace });
