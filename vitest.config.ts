import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**'],
          // Nothing is shared between files but modules, which keep no state: a process a file would take half of the time.
          pool: 'threads',
          isolate: false,
          maxWorkers: 2,
          // None takes a second on a quiet machine.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['src/**/*.int.test.ts', 'test/**/*.int.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          env: { TAGALONG_ENGINE: path.resolve('.build/helm-engine') },
          sequence: { groupOrder: 1 },
          // Longer than what a test waits for, so that it says itself what did not come.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // The control plane is on the same cores: more files at once only take time from each other.
          maxWorkers: 3,
        },
      },
    ],
  },
});
