// Who may import whom; ARCHITECTURE.md has the picture. A test file may import what it tests and test/.
const LAYERS = {
  api: [],
  core: ['api'],
  ports: ['api', 'core'],
  stages: ['api', 'core', 'ports'],
  controller: ['api', 'core', 'ports', 'stages'],
  adapters: ['api', 'core', 'ports'],
  server: ['api', 'core', 'ports'],
  cli: ['api', 'core', 'ports', 'stages'],
};
const TEST = '\\.test\\.ts$';

const layer = ([name, may]) => ({
  name: `layer-${name}`,
  severity: 'error',
  from: { path: `^src/${name}/`, pathNot: TEST },
  to: { path: '^(src|test|web)/', pathNot: `^src/(${[name, ...may].join('|')})/` },
});

export default {
  forbidden: [
    ...Object.entries(LAYERS).map(layer),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'stages-are-siblings',
      severity: 'error',
      from: { path: '^src/stages/([^/]+)\\.ts$', pathNot: TEST },
      to: { path: '^src/stages/', pathNot: '^src/stages/$1\\.' },
    },
    {
      name: 'adapters-are-strangers',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/', pathNot: TEST },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'pure-core',
      severity: 'error',
      from: { path: '^src/core/', pathNot: TEST },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: '(^(node:)?crypto$|node_modules/(semver|diff)/)' },
    },
    {
      name: 'pure-api',
      severity: 'error',
      from: { path: '^src/api/', pathNot: TEST },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: 'node_modules/typebox/' },
    },
    {
      name: 'inner-ring-has-no-io',
      severity: 'error',
      from: { path: '^src/(ports|stages|controller)/', pathNot: TEST },
      // lru-cache is memory, and no I/O.
      to: { dependencyTypes: ['core', 'npm'], pathNot: 'node_modules/lru-cache/' },
    },
    { name: 'testing-only-in-tests', severity: 'error', from: { path: '^src/', pathNot: TEST }, to: { path: '^test/' } },
    { name: 'web-sees-only-api', severity: 'error', from: { path: '^web/' }, to: { path: '^src/', pathNot: '^src/api/' } },
  ],
  options: { tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' }, tsConfig: { fileName: 'tsconfig.json' } },
};
