import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineMode } from '../../../test/fakes/engine.ts';
import { type ClosableRenderer, rendererContract } from '../../../test/fakes/engine-contract.ts';
import { fakeEngine } from '../../../test/fakes/launch-engine.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { HelmRenderer } from './renderer.ts';
import { SocketRenderer } from './socket-renderer.ts';
import { serveRenderer } from './socket-server.ts';

const logger = new RecordingLogger();

const clock = realClock(1, () => 0.5);

const open = (mode: EngineMode): ClosableRenderer => {
  const folder = mkdtempSync(join(tmpdir(), 'renderer-'));
  const path = join(folder, 's');
  const engines = new HelmRenderer({ launch: fakeEngine(mode), engines: 2, clock, logger });
  const serving = serveRenderer({ path, version: '1', renderer: engines, logger });
  const renderer = new SocketRenderer({ path, clock, logger, limits: { patienceMs: 30_000 } });
  const close = async (): Promise<void> => {
    await renderer.close();
    await (await serving).close();
    await engines.close();
    rmSync(folder, { recursive: true });
  };
  return { render: (request, signal) => renderer.render(request, signal), read: (manifest, stamp, signal) => renderer.read(manifest, stamp, signal), close };
};

for (const mode of ['good', 'forgetful'] satisfies EngineMode[]) {
  rendererContract(`SocketRenderer before a fake engine that is ${mode}`, () => open(mode));
}
