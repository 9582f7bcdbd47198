// Bundles the operator into one file that needs no node_modules.
import { build } from 'esbuild';

await build({
  entryPoints: { operator: 'src/main/operator.ts' },
  outdir: '.build',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  legalComments: 'linked',
  logLevel: 'warning',
  // Packages written for CommonJS ask for require, __filename and __dirname at run time.
  banner: {
    js: "import { createRequire as tagalongRequire } from 'node:module'; const require = tagalongRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;",
  },
});
