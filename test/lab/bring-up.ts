import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Access, askApi, askPlain } from './api.ts';
import { type Children, PartEnded } from './children.ts';
import { writeAdminToken, writeCa, writeKubeconfig, writeServiceAccountKey } from './credentials.ts';
import type { Layout } from './layout.ts';
import { type PartName, partArgs, partEnv, POD_LOG, podLogs, registryConfig } from './parts.ts';
import { freePorts, type Ports } from './ports.ts';

const POLL_MS = 50;
const DEADLINE_MS = 90_000;
const ATTEMPTS = 3;

/** What the supervisor is told to run. */
export interface LabSpec {
  readonly dir: string;
  /** "owned": the lab ends with the program that started it. "background": it stays until it is told to stop. */
  readonly mode: 'owned' | 'background';
  readonly tools: Readonly<Record<string, string>>;
  /** Arguments added behind a part's own. */
  readonly extraArgs: Readonly<Partial<Record<PartName, readonly string[]>>>;
}

export interface Connection {
  readonly server: string;
  readonly token: string;
  readonly registry: string;
  readonly etcd: string;
}

/**
 * Starts all parts from nothing and resolves when the lab is of use: the API server is ready, so is the node, pods can be
 * made, and the registry answers. Rejects with the part that ended or what did not come about. Takes other ports when
 * one was snatched away.
 */
export async function bringUp(spec: LabSpec, at: Layout, children: Children): Promise<Connection> {
  for (let attempt = 1; ; attempt += 1) {
    startAfresh(at);
    const abort = new AbortController();
    try {
      return await Promise.race([children.ended(), startAll(spec, at, await freePorts(), children, abort.signal)]);
    } catch (error) {
      abort.abort(error);
      await children.killAll();
      if (!(error instanceof PartEnded && error.portTaken && attempt < ATTEMPTS)) throw error;
    }
  }
}

function startAfresh(at: Layout): void {
  rmSync(at.state, { recursive: true, force: true });
  for (const dir of [at.logs, at.certs, at.clients]) mkdirSync(dir, { recursive: true });
}

async function startAll(spec: LabSpec, at: Layout, ports: Ports, children: Children, signal: AbortSignal): Promise<Connection> {
  const token = writeAdminToken(at);
  writeServiceAccountKey(at);
  writeFileSync(at.registryConfig, registryConfig(at, ports));
  writeFileSync(at.podLog, POD_LOG);
  writeFileSync(at.podLogs, podLogs(at));
  const start = (name: PartName) =>
    children.start(name, { program: toolOf(spec, name), args: [...partArgs(name, at, ports), ...(spec.extraArgs[name] ?? [])], env: partEnv(name) });
  for (const name of ['etcd', 'kube-apiserver', 'registry'] as const) start(name);

  const server = `https://127.0.0.1:${ports.apiserver}`;
  const access = await apiReady(at, server, token, signal);
  writeKubeconfig(at.kubeconfig, access);
  for (const name of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const) start(name);

  await askApi(access, 'POST', '/api/v1/nodes', NODE);
  const registry = `127.0.0.1:${ports.registry}`;
  writeFileSync(at.operatorConfig, `plainHttpHosts: ["${registry}"]\n`);
  await Promise.all([nodeReady(access, signal), podsPossible(access, signal), registryAnswers(registry, signal)]);
  return { server, token, registry, etcd: `http://127.0.0.1:${ports.etcd}` };
}

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'kwok-node',
    labels: { 'kubernetes.io/hostname': 'kwok-node', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
  },
};

async function apiReady(at: Layout, server: string, token: string, signal: AbortSignal): Promise<Access> {
  await until('the certificate of kube-apiserver', async () => existsSync(at.servingCert) && existsSync(at.servingKey), signal);
  const access = { server, token, ca: writeCa(at) };
  await until('/readyz of kube-apiserver', async () => (await askApi(access, 'GET', '/readyz')).status === 200, signal);
  return access;
}

function nodeReady(access: Access, signal: AbortSignal): Promise<void> {
  return until(
    'the node kwok-node to be Ready',
    async () => {
      const node: { status?: { conditions?: { type: string; status: string }[] } } = JSON.parse((await askApi(access, 'GET', '/api/v1/nodes/kwok-node')).body);
      return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    },
    signal,
  );
}

/** Pods are refused until their namespace has its ServiceAccount. */
function podsPossible(access: Access, signal: AbortSignal): Promise<void> {
  const path = '/api/v1/namespaces/default/serviceaccounts/default';
  return until('ServiceAccount default in namespace default', async () => (await askApi(access, 'GET', path)).status === 200, signal);
}

function registryAnswers(registry: string, signal: AbortSignal): Promise<void> {
  return until('/v2/ of the registry', async () => (await askPlain(`http://${registry}/v2/`)).status === 200, signal);
}

async function until(what: string, isSo: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  let last = 'no';
  while (Date.now() < deadline) {
    const so = await isSo().catch((error: unknown) => {
      last = String(error);
      return false;
    });
    if (so) return;
    await delay(POLL_MS, undefined, { signal });
  }
  throw new Error(`waited ${DEADLINE_MS / 1000} s for ${what}; last answer: ${last}`);
}

function toolOf(spec: LabSpec, name: PartName): string {
  const path = spec.tools[name];
  if (path === undefined) throw new Error(`no path of ${name} given`);
  return path;
}
