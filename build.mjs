// Bundles the operator and the renderer so that they need no node_modules. What reads kubeconfigs is large and stays a part of its own: in a Pod
// it is never loaded.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('.build/operator', { recursive: true, force: true });

await build({
  entryPoints: { operator: 'src/main/operator.ts', renderer: 'src/main/renderer.ts' },
  outdir: '.build/operator',
  splitting: true,
  minify: true,
  keepNames: true,
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
  bundle: true,
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
