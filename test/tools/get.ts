import { ensureDebianRegistry } from './debian-registry.ts';
import { TOOL_NAMES, type ToolName } from './catalog.ts';
import { ensureTools, ToolsUnobtainable } from './ensure.ts';
import { progressOn } from './progress.ts';

// node test/tools/get.ts [name...]: prints "<name> <path>" a line; progress goes to stderr.
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !isToolName(name));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

if (unknown.length > 0) {
  console.error(`no such tool: ${unknown.join(', ')}; there are ${TOOL_NAMES.join(', ')}`);
  process.exitCode = 2;
} else {
  await main(wanted.filter(isToolName));
}

async function main(names: readonly ToolName[]): Promise<void> {
  try {
    const paths = await ensureTools(names.length > 0 ? names : TOOL_NAMES, { progress: progressOn(process.stderr) });
    for (const [name, path] of Object.entries(paths)) console.log(`${name} ${path}`);
    if (names.length === 0) await moreTools();
  } catch (error) {
    if (!(error instanceof ToolsUnobtainable)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** What some tests are skipped without. */
async function moreTools(): Promise<void> {
  const debian = await ensureDebianRegistry();
  if (debian.kind === 'Found') console.log(`docker-registry ${debian.path}`);
  else console.error(`without docker-registry, tests that need it are skipped: ${debian.why}`);
}

function isToolName(name: string): name is ToolName {
  return TOOL_NAMES.some((known) => known === name);
}
