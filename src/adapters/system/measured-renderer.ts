import type { RenderMetrics } from '../../ports/metrics.ts';
import type { Renderer } from '../../ports/renderer.ts';

/** The same renderer, timed. */
export const measured = (renderer: Renderer, metrics: RenderMetrics): Renderer => ({
  render: (request, signal) => timed(metrics.begin('render'), renderer.render(request, signal)),
  read: (manifest, stamp, signal) => timed(metrics.begin('read'), renderer.read(manifest, stamp, signal)),
});

const timed = async <T>(end: (isDone: boolean) => void, work: Promise<T>): Promise<T> => {
  let isDone = false;
  try {
    const result = await work;
    isDone = true;
    return result;
  } finally {
    end(isDone);
  }
};
