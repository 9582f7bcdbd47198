import type { EngineMode } from '../../../test/fakes/engine.ts';
import { rendererContract } from '../../../test/fakes/engine-contract.ts';
import { fakeEngine } from '../../../test/fakes/launch-engine.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { HelmRenderer } from './renderer.ts';

const logger = new RecordingLogger();

const clock = realClock(1, () => 0.5);

for (const mode of ['good', 'forgetful', 'drip'] satisfies EngineMode[]) {
  rendererContract(`HelmRenderer on a fake engine that is ${mode}`, () => new HelmRenderer({ launch: fakeEngine(mode), engines: 2, clock, logger }));
}
