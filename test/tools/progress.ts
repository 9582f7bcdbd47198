const TICK_MS = 1000;
const LINE_EVERY_MS = 15_000;

/** Tells a waiting person what is being done, and for how long. */
export interface Progress {
  /** Runs `work`, saying when it starts, that it goes on, and when it is over. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>;
  note(line: string): void;
}

export const SILENT: Progress = { during: (_what, work) => work(), note: () => undefined };

/** Progress on stderr: a ticking line on a terminal, else a line every 15 s. */
export function progressOn(out: NodeJS.WriteStream): Progress {
  const note = (line: string) => void out.write(`${line}\n`);
  return { note, during: (what, work) => during(out, what, work) };
}

async function during<T>(out: NodeJS.WriteStream, what: string, work: () => Promise<T>): Promise<T> {
  const began = Date.now();
  const elapsed = () => `${Math.round((Date.now() - began) / 1000)} s`;
  out.write(out.isTTY ? what : `${what}\n`);
  const tick = () => out.write(out.isTTY ? `\r${what} ${elapsed()}` : `${what}, ${elapsed()} so far\n`);
  const timer = setInterval(tick, out.isTTY ? TICK_MS : LINE_EVERY_MS);
  const end = (how: string) => out.write(`${out.isTTY ? '\r' : ''}${what}: ${how} after ${elapsed()}\n`);
  try {
    const result = await work();
    end('done');
    return result;
  } catch (error) {
    end('failed');
    throw error;
  } finally {
    clearInterval(timer);
  }
}
