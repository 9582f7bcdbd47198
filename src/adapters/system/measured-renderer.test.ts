import { expect, it } from 'vitest';
import type { RenderMetrics } from '../../ports/metrics.ts';
import { RenderError, type Renderer } from '../../ports/renderer.ts';
import { measured } from './measured-renderer.ts';

it('counts what was done and what failed, and changes neither', async () => {
  const ends: string[] = [];
  const metrics: RenderMetrics = { begin: (operation) => (isDone) => ends.push(`${operation} ${isDone}`) };
  const broken = new RenderError('TemplateFailed', 'no');
  const renderer: Renderer = { render: () => Promise.reject(broken), read: async () => [] };
  const { signal } = new AbortController();
  const both = measured(renderer, metrics);
  expect(await both.read('', { labels: {}, annotations: {} }, signal)).toEqual([]);
  const request = {
    chart: { digest: '', files: [], overrides: undefined },
    values: [],
    skipSchemaValidation: false,
    release: { name: 'a', namespace: 'b', revision: 1, action: 'install' as const },
    capabilities: { kubeVersion: '', apiVersions: [] },
    stamp: { labels: {}, annotations: {} },
  };
  await expect(both.render(request, signal)).rejects.toBe(broken);
  expect(ends).toEqual(['read true', 'render false']);
});
