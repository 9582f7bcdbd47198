import { join } from 'node:path';
import type { ToolName } from '../tools/catalog.ts';
import type { Layout } from './layout.ts';
import type { Ports } from './ports.ts';

/** The long-running programs of a lab, by the tools that they are. */
export const PART_NAMES = ['etcd', 'kube-apiserver', 'registry', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const satisfies readonly ToolName[];

export type PartName = (typeof PART_NAMES)[number];

const NODE_CONTROLLERS = ['node-ipam-controller', 'node-lifecycle-controller', 'cloud-node-lifecycle-controller'];

/** The arguments each part is started with. */
export function partArgs(name: PartName, at: Layout, ports: Ports): readonly string[] {
  switch (name) {
    case 'etcd':
      return etcd(at, ports);
    case 'kube-apiserver':
      return apiserver(at, ports);
    case 'registry':
      return ['serve', at.registryConfig];
    case 'kube-controller-manager':
      return controllerManager(at);
    case 'kube-scheduler':
      return [...client(at)];
    case 'kwok':
      return kwok(at, ports);
  }
}

/** Environment that a part needs besides the caller's. */
export function partEnv(name: PartName): Readonly<Record<string, string>> {
  // The registry would try to send traces to localhost:4318 for ever.
  return name === 'registry' ? { OTEL_TRACES_EXPORTER: 'none' } : {};
}

/** What every container of the lab logs, as a container runtime writes it. */
export const POD_LOG = ['begins', 'works', 'ends'].map((line, at) => `2026-01-01T00:00:0${at}.000000000Z stdout F ${line}\n`).join('');

/** kwok's configuration of the logs of pods. */
export function podLogs(at: Layout): string {
  return JSON.stringify({ apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'ClusterLogs', metadata: { name: 'all' }, spec: { logs: [{ logsFile: at.podLog }] } });
}

/** The registry's configuration: JSON, which is YAML. */
export function registryConfig(at: Layout, ports: Ports): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: at.registry },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: `127.0.0.1:${ports.registry}` },
  });
}

function etcd(at: Layout, ports: Ports): string[] {
  const [clients, peers] = [`http://127.0.0.1:${ports.etcd}`, `http://127.0.0.1:${ports.etcdPeer}`];
  return [
    '--name=lab',
    `--data-dir=${at.etcd}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=lab=${peers}`,
    '--unsafe-no-fsync', // a lab's state is thrown away at its next start
    '--quota-backend-bytes=8589934592',
    '--log-level=warn',
  ];
}

function apiserver(at: Layout, ports: Ports): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${ports.apiserver}`,
    '--endpoint-reconciler-type=none', // Endpoints may not hold a loopback address
    `--cert-dir=${at.certs}`,
    `--token-auth-file=${at.tokens}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at.serviceAccountKey}`,
    `--service-account-signing-key-file=${at.serviceAccountKey}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--allow-privileged=true',
    // It would taint the node until the node lifecycle controller, which the lab does not run, finds it ready.
    '--disable-admission-plugins=TaintNodesByCondition',
    // A Lease written every 10 s for the sake of other API servers.
    '--feature-gates=APIServerIdentity=false,UnknownVersionInteroperabilityProxy=false',
    '--profiling=false',
  ];
}

function controllerManager(at: Layout): string[] {
  return [
    ...client(at),
    // Without the node controllers the node needs no heartbeat, and a resting lab writes nothing.
    `--controllers=*,${NODE_CONTROLLERS.map((name) => `-${name}`).join(',')}`,
    `--service-account-private-key-file=${at.serviceAccountKey}`,
    `--root-ca-file=${at.ca}`,
    '--horizontal-pod-autoscaler-sync-period=1s',
  ];
}

/** What the two clients of the API server share: no port of their own, no leader, no brake that a test would wait for. */
function client(at: Layout): string[] {
  return [`--kubeconfig=${at.kubeconfig}`, '--secure-port=0', '--leader-elect=false', '--kube-api-qps=500', '--kube-api-burst=1000', '--profiling=false'];
}

function kwok(at: Layout, ports: Ports): string[] {
  return [
    `--kubeconfig=${at.kubeconfig}`,
    `--config=${join(import.meta.dirname, 'kwok.yaml')}`,
    `--config=${at.podLogs}`,
    '--manage-all-nodes=true',
    '--node-lease-duration-seconds=0',
    '--node-ip=127.0.0.1',
    // It also plays the kubelet, which the API server asks for logs.
    `--node-port=${ports.kubelet}`,
    `--server-address=127.0.0.1:${ports.kubelet}`,
    `--tls-cert-file=${at.servingCert}`,
    `--tls-private-key-file=${at.servingKey}`,
  ];
}
