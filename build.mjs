// Bundles the operator and the renderer, into .build/operator or the folder given, so that they need no node_modules. What reads kubeconfigs is large and stays a part of its own: in a Pod
// it is never loaded.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const outdir = process.argv[2] ?? '.build/operator';
await rm(outdir, { recursive: true, force: true });

const PROGRAMS = ['operator', 'renderer'];

/** Of the package that reads kubeconfigs only what does that: it has the whole API of Kubernetes in it, 3 MB, and does not say that loading a file of it does nothing else. */
const readsKubeconfigs = {
  name: 'reads-kubeconfigs',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^(\.|@kubernetes\/client-node$)/ }, async ({ path, pluginData, ...from }) => {
      const isOfPackage = path === '@kubernetes/client-node' || from.importer.includes('/@kubernetes/client-node/');
      if (pluginData === 'resolved' || !isOfPackage) return;
      return { ...(await resolve(path, { ...from, pluginData: 'resolved' })), sideEffects: false };
    });
  },
};

await build({
  entryPoints: Object.fromEntries(PROGRAMS.map((name) => [`${name}-program`, `src/main/${name}.ts`])),
  outdir,
  splitting: true,
  minify: true,
  keepNames: true,
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
  bundle: true,
  plugins: [readsKubeconfigs],
  platform: 'node',
  target: 'node24',
  format: 'esm',
  legalComments: 'linked',
  logLevel: 'warning',
  // Packages written for CommonJS ask for require, __filename and __dirname at run time.
  banner: {
    js: "import { createRequire as tagalongRequire } from 'node:module'; const require = tagalongRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;",
  },
});

// What an older Node says of the bundle itself helps nobody, so each program is started by a file that any Node can read.
const { engines } = JSON.parse(await readFile('package.json', 'utf8'));
const [major, minor] = engines.node.replace('>=', '').split('.').map(Number);
for (const name of PROGRAMS) {
  await writeFile(
    `${outdir}/${name}.mjs`,
    `const [major, minor] = process.versions.node.split('.').map(Number);
if (major > ${major} || (major === ${major} && minor >= ${minor})) await import('./${name}-program.mjs');
else {
  console.error('the ${name} needs Node ${major}.${minor} or later, and this is ' + process.versions.node + ' (' + process.execPath + '); get a later one from https://nodejs.org');
  process.exitCode = 2;
}
`,
  );
}
