import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { contractChart, contractRequest, rendererContract } from '../../../test/fakes/engine-contract.ts';
import { fakeEngine } from '../../../test/fakes/launch-engine.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { ENGINE_ENVIRONMENT, HelmRenderer } from './renderer.ts';

const command = process.env['TAGALONG_ENGINE'] ?? '';
const launch = { command, args: [], environment: ENGINE_ENVIRONMENT };

const logger = new RecordingLogger();

const clock = realClock(1, () => 0.5);

const open = (): HelmRenderer => new HelmRenderer({ launch, engines: 2, clock, logger });

describe.skipIf(command === '')('with the real engine', () => {
  rendererContract('HelmRenderer', open);

  it('gives 64-bit integers and octal numbers to the API server as Kubernetes reads them', async () => {
    const renderer = open();
    const manifest = '---\n# Source: a/b.yaml\napiVersion: v1\nkind: A\nmetadata:\n  name: a\nspec:\n  big: 9007199254740993\n  mode: 0644\n';
    const [object] = await renderer.read(manifest, contractRequest().stamp, new AbortController().signal);
    await renderer.close();
    expect(new TextDecoder().decode(object?.json)).toMatch(/"big":9007199254740993,"mode":420/);
  });

  it('follows no reference out of a schema, and passes over schemas on request, however it answered before', async () => {
    const renderer = open();
    const render = (schema: string, skipSchemaValidation: boolean) =>
      renderer
        .render(contractRequest({ chart: contractChart(`sha256:${schema}`, { 'values.schema.json': schema }), skipSchemaValidation }), new AbortController().signal)
        .then(({ chart }) => chart.name)
        .catch(({ code }) => code);
    const [broken, refused] = ['{"properties":{"greeting":{"type":"integer"}}}', '{"$ref":"file:///nowhere.json"}'];
    const codes = [await render(broken, false), await render(broken, true), await render(broken, false), await render(refused, false), await render(refused, true)];
    await renderer.close();
    expect(codes).toEqual(['ValuesInvalid', 'hello', 'ValuesInvalid', 'SchemaRefused', 'hello']);
  });
});

// Prints the pids of its engines, and stays until it is killed.
const OPERATOR = `
  const { HelmRenderer } = await import(process.argv[1]);
  const logger = { debug() {}, warn() {}, error() {}, info: ({ pid }) => console.log(pid), with: (bound) => ({ ...logger, info: () => logger.info(bound) }) };
  const clock = { now: () => 0, random: () => 0, after: (ms, go) => { const timer = setTimeout(go, ms); return () => clearTimeout(timer); } };
  const launch = JSON.parse(process.argv[2]);
  new HelmRenderer({ launch, engines: 2, clock, logger }).warmUp();
  setTimeout(() => {}, 60_000);
`;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.each([
  { name: 'the fake engine', started: fakeEngine('good'), isThere: true },
  { name: 'the real engine', started: launch, isThere: command !== '' },
])('an operator with $name', ({ started, isThere }) => {
  it.skipIf(!isThere)('leaves no engine behind when it is killed', async () => {
    const module = new URL('./renderer.ts', import.meta.url).href;
    const operator = spawn(process.execPath, ['--input-type=module', '-e', OPERATOR, module, JSON.stringify(started)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pids: number[] = [];
    for await (const line of createInterface({ input: operator.stdout })) {
      if (pids.push(Number(line)) === 2) break;
    }
    expect(pids.map(isAlive)).toEqual([true, true]);
    const ended = once(operator, 'exit');
    operator.kill('SIGKILL');
    await ended;
    await expect.poll(() => pids.map(isAlive), { timeout: 5_000 }).toEqual([false, false]);
  });
});
