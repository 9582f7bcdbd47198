import { join } from 'node:path';
import type { EngineMode } from '../../../test/fakes/engine.ts';
import { rendererContract } from '../../../test/fakes/engine-contract.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { HelmRenderer } from './renderer.ts';

const SCRIPT = join(import.meta.dirname, '../../../test/fakes/engine.ts');

const logger = new RecordingLogger();

const clock = realClock(1, () => 0.5);

for (const mode of ['good', 'forgetful', 'drip'] satisfies EngineMode[]) {
  const launch = { command: process.execPath, args: [SCRIPT, mode], environment: {} };
  rendererContract(`HelmRenderer on a fake engine that is ${mode}`, () => new HelmRenderer({ launch, engines: 2, clock, logger }));
}
