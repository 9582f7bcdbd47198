import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { SocketFileError } from '../adapters/helm/socket-file.ts';
import { SOCKET_LIMITS } from '../adapters/helm/socket-renderer.ts';
import { serveRenderer } from '../adapters/helm/socket-server.ts';
import { greet, WireLost } from '../adapters/helm/wire.ts';
import { SystemClock } from '../adapters/system/clock.ts';
import { createLogger } from '../adapters/system/logger.ts';
import { count, level } from './config.ts';
import { ConfigError } from './config-error.ts';
import { openRenderer } from './rendering.ts';
import { VERSION } from './version.ts';

const USAGE = `Usage: renderer --socket PATH [flags]
  --socket PATH              Unix socket to serve at (mode 0660); its folder must exist
  --helm-engine FILE         the helm-engine program (env TAGALONG_ENGINE; helm-engine on PATH)
  --engines N                how many of it run (one per core), and two more while renders are slow
  --log-level LEVEL          debug, info, warn or error (info)
  --probe                    serve nothing, but see whether the renderer at that socket answers: exit code 0, else 1
Needs no network, no credentials and no files but these; give it a read-only root and a uid of its own.`;

const OPTIONS = {
  socket: { type: 'string' },
  'helm-engine': { type: 'string' },
  engines: { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  probe: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface Flags {
  readonly socket: string;
  readonly engine: string;
  readonly engines: number;
  readonly logLevel: ReturnType<typeof level>;
  readonly isProbe: boolean;
}

/** Renders what operators ask for over the socket until SIGTERM or SIGINT. */
const serve = async ({ socket, engine, engines, logLevel }: Flags): Promise<void> => {
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const logger = createLogger({ level: logLevel });
  const renderer = openRenderer({ engine, engines, rendererSocket: undefined }, { clock: new SystemClock(), logger });
  const server = await serveRenderer({ path: socket, version: VERSION, renderer, logger });
  renderer.warmUp();
  logger.info({ socket, engines, version: VERSION }, 'ready');

  await stopped;
  logger.info({}, 'stopping');
  await server.close();
  await renderer.close();
};

/** What a liveness probe runs: no other kind of probe reaches a Unix socket. */
const probe = async ({ socket }: Flags): Promise<void> => {
  console.log(`the renderer at ${socket} answers: version ${await greet(socket, SOCKET_LIMITS, new SystemClock())}`);
};

const readFlags = (): Flags | undefined => {
  const flags = parse();
  if (flags.help) return undefined;
  if (flags.socket === undefined) throw new ConfigError(`--socket is missing\n${USAGE}`);
  return {
    socket: flags.socket,
    engine: flags['helm-engine'] ?? process.env['TAGALONG_ENGINE'] ?? 'helm-engine',
    engines: flags.engines === undefined ? availableParallelism() : count('--engines', flags.engines),
    logLevel: level(flags['log-level']),
    isProbe: flags.probe,
  };
};

const parse = () => {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

try {
  const flags = readFlags();
  if (flags === undefined) console.log(USAGE);
  else await (flags.isProbe ? probe(flags) : serve(flags));
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof SocketFileError) && !(error instanceof WireLost)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof WireLost ? 1 : 2;
}
