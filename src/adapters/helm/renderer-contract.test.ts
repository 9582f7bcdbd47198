import { join } from 'node:path';
import type { EngineMode } from '../../../test/fakes/engine.ts';
import { rendererContract } from '../../../test/fakes/engine-contract.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { HelmRenderer } from './renderer.ts';

const SCRIPT = join(import.meta.dirname, '../../../test/fakes/engine.ts');

const ignore = (): void => undefined;
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => logger };

const clock: Clock = {
  now: () => Date.now(),
  random: () => 0.5,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

for (const mode of ['good', 'forgetful', 'drip'] satisfies EngineMode[]) {
  const launch = { command: process.execPath, args: [SCRIPT, mode], environment: {} };
  rendererContract(`HelmRenderer on a fake engine that is ${mode}`, () => new HelmRenderer({ launch, engines: 2, clock, logger }));
}
