import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startLab, type Lab } from '../lab/lab.ts';
import { type Operator, startOperator } from '../lab/operator.ts';
import { helm, kubectl } from '../lab/run.ts';
import { served } from '../lab/served.ts';
import { progressOn } from '../tools/progress.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const POLL_MS = 100;
const PATIENCE_MS = 60_000;

const began = Date.now();
const elapsed = (): string => `${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s`;
const say = (line: string): void => console.log(`[${elapsed()}] ${line}`);
const interrupted = new Promise<void>((resolve) => process.once('SIGINT', () => resolve()));

/** Pushes a chart, moves its tag, and watches the cluster follow; everything is real, and goes away at the end. */
const demo = async (dir: string, started: Started): Promise<void> => {
  say('starting a control plane and a registry');
  const lab = await startLab({ dir, progress: progressOn(process.stderr) });
  started.lab = lab;
  await kubectl(lab, ['apply', '--server-side', '-k', path.join(ROOT, 'crds')]);
  await served(lab, 'chartreleases.tagalong.dev');

  say('helm create hello; helm package; helm push; the tag stable points at it');
  await helm(lab, ['create', path.join(dir, 'hello')]);
  await pushAs(lab, dir, '0.1.0');

  say('starting the operator');
  started.operator = await startOperator(lab);
  say('kubectl apply -f config/samples/hello.yaml');
  const sample = (await readFile(path.join(ROOT, 'config/samples/hello.yaml'), 'utf8')).replace('registry.example.com', lab.registry);
  await kubectl(lab, ['apply', '-f', '-'], { input: sample });
  await reaches(lab, 1);

  say('changing the chart: version 0.2.0, two replicas');
  const values = path.join(dir, 'hello/values.yaml');
  await writeFile(values, `${await readFile(values, 'utf8')}\npodAnnotations: {demo: "second"}\n`);
  const moved = await pushAs(lab, dir, '0.2.0');
  say('stable points at the new chart now');
  await reaches(lab, 2);
  const tookMs = Date.now() - moved;

  for (const [title, output] of await views(lab, started.operator)) console.log(`\n$ ${title}\n${output.trimEnd()}`);
  console.log('');
  say(`from tag move to Ready: ${(tookMs / 1000).toFixed(1)} s, with a look at the tag every 10 s`);
};

/** Packages the chart as that version, pushes it, and points the tag `stable` at it. Returns when the tag moved. */
const pushAs = async (lab: Lab, dir: string, version: string): Promise<number> => {
  await helm(lab, ['package', path.join(dir, 'hello'), '--version', version, '--destination', dir]);
  await helm(lab, ['push', path.join(dir, `hello-${version}.tgz`), `oci://${lab.registry}/demo`, '--plain-http']);
  const manifests = `http://${lab.registry}/v2/demo/hello/manifests`;
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await fetch(`${manifests}/${version}`, { headers: { accept: type } });
  const tagged = await fetch(`${manifests}/stable`, { method: 'PUT', headers: { 'content-type': type }, body: await manifest.text() });
  if (!tagged.ok) throw new Error(`cannot point demo/hello:stable at ${version}: the registry answered ${tagged.status}`);
  return Date.now();
};

interface Seen {
  readonly status?: { readonly revision?: number; readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[] };
}

/** Resolves when the release is Ready at this revision; says what it waits for when that changes. */
const reaches = async (lab: Lab, revision: number): Promise<void> => {
  const until = Date.now() + PATIENCE_MS;
  let last = '';
  while (Date.now() < until) {
    const seen = JSON.parse((await kubectl(lab, ['get', 'crel', 'hello', '-o', 'json'])).stdout) as Seen; // the CRD's own shape
    const ready = seen.status?.conditions?.find((condition) => condition.type === 'Ready');
    const line = ready === undefined ? 'not looked at yet' : `Ready=${ready.status}: ${ready.message}`;
    if (line !== last) say(`  ${line}`);
    last = line;
    if (ready?.status === 'True' && seen.status?.revision === revision) return;
    await delay(POLL_MS);
  }
  throw new Error(`ChartRelease default/hello did not become Ready at revision ${revision} within ${PATIENCE_MS / 1000} s: ${last}`);
};

const views = async (lab: Lab, operator: Operator): Promise<readonly (readonly [string, string])[]> => [
  ['kubectl get crel', (await kubectl(lab, ['get', 'crel'])).stdout],
  ['helm list', (await helm(lab, ['list'])).stdout],
  ['helm history hello', (await helm(lab, ['history', 'hello'])).stdout],
  ['kubectl events --for chartrelease/hello', (await kubectl(lab, ['events', '--for', 'chartrelease/hello'])).stdout],
  [`curl -s ${operator.url('metrics')}/metrics | grep ^tagalong_release`, await metrics(operator, 'tagalong_release')],
];

const metrics = async (operator: Operator, prefix: string): Promise<string> => {
  const text = await (await fetch(`${operator.url('metrics')}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .join('\n');
};

interface Started {
  lab?: Lab;
  operator?: Operator;
}

/** Leaves everything up until Ctrl-C. */
const lookAround = async (lab: Lab): Promise<void> => {
  console.log(`\nEverything is up until Ctrl-C. In another terminal:\n
  export KUBECONFIG=${lab.kubeconfig} REGISTRY=${lab.registry}
  kubectl get crel,deploy,pods
  kubectl describe crel hello
  helm history hello; helm get manifest hello
  kubectl delete crel hello`);
  const alive = setInterval(() => undefined, 60_000);
  await interrupted;
  clearInterval(alive);
};

const dir = await mkdtemp(path.join(tmpdir(), 'tagalong-demo-'));
const started: Started = {};
try {
  await Promise.race([demo(dir, started), interrupted.then(() => Promise.reject(new Error('interrupted')))]);
  if (process.env['KEEP'] === '1' && started.lab !== undefined) await lookAround(started.lab);
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  const log = started.operator?.log().slice(-20) ?? [];
  if (log.length > 0) console.error(`The operator's last log lines:\n${log.join('\n')}`);
  process.exitCode = 1;
} finally {
  await started.operator?.stop();
  await started.lab?.stop();
  await rm(dir, { recursive: true, force: true });
  say('everything is down');
}
