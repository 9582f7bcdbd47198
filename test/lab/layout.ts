import { join, resolve } from 'node:path';

/** Where everything of one lab stands; all of it below `dir`. */
export interface Layout {
  readonly dir: string;
  readonly kubeconfig: string;
  /** Configuration file for an operator of this lab. */
  readonly operatorConfig: string;
  /** What a running lab is: written when it is ready, removed when it stops. */
  readonly lab: string;
  /** The programs of the lab with their start times: the list that stopping goes by. */
  readonly pids: string;
  readonly lock: string;
  readonly logs: string;
  /** Everything that a new start throws away: certificates, keys, etcd, registry. */
  readonly state: string;
  readonly certs: string;
  readonly servingCert: string;
  readonly servingKey: string;
  readonly ca: string;
  readonly tokens: string;
  readonly serviceAccountKey: string;
  readonly etcd: string;
  readonly registry: string;
  readonly registryConfig: string;
  /** What every container of a pod has logged, and kwok's configuration that says so. */
  readonly podLog: string;
  readonly podLogs: string;
  /** Homes of kubectl and helm, so that a lab neither reads nor writes the user's. */
  readonly clients: string;
}

export function layoutOf(labDir: string): Layout {
  const dir = resolve(labDir);
  const state = join(dir, 'state');
  const certs = join(state, 'certs');
  return {
    dir,
    kubeconfig: join(dir, 'kubeconfig'),
    operatorConfig: join(dir, 'operator.yaml'),
    lab: join(dir, 'lab.json'),
    pids: join(dir, 'pids.json'),
    lock: join(dir, 'lock'),
    logs: join(dir, 'logs'),
    state,
    certs,
    servingCert: join(certs, 'apiserver.crt'),
    servingKey: join(certs, 'apiserver.key'),
    ca: join(certs, 'ca.crt'),
    tokens: join(certs, 'tokens.csv'),
    serviceAccountKey: join(certs, 'service-account.key'),
    etcd: join(state, 'etcd'),
    registry: join(state, 'registry'),
    registryConfig: join(state, 'registry.json'),
    podLog: join(state, 'pod.log'),
    podLogs: join(state, 'pod-logs.json'),
    clients: join(state, 'clients'),
  };
}

/** Log file of a part; the supervisor has one too. */
export function logOf(layout: Layout, part: string): string {
  return join(layout.logs, `${part}.log`);
}
