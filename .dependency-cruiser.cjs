// The layers and doors of ARCHITECTURE.md, checked by `npm run check`.
// A layer may import itself, src/errors.ts, and what LAYERS names; nothing else of ours.
const LAYERS = {
  config: ['prompts'],
  plan: ['config'],
  compose: ['plan', 'config'],
  local: ['plan', 'config'],
  models: ['config'],
  control: ['compose', 'local', 'models', 'plan', 'prompts', 'config'],
  prompts: [],
  engines: ['config'],
  'engine-server': [],
};

// One library, one door: only these places may import it.
const DOORS = {
  dockerode: 'src/compose/docker\\.ts',
  ajv: 'src/compose/',
  handlebars: 'src/compose/',
  yaml: 'src/(config|compose|prompts)/',
  undici: 'src/engines/',
  'eventsource-parser': 'src/engines/',
  fastify: 'src/(worker|engine-server|control/api)/',
  'prom-client': 'src/worker/metrics/',
  pino: 'src/worker/http/log-destination\\.ts',
  commander: 'src/cli/',
  listr2: 'src/cli/',
  execa: 'src/(compose|local|control|models)/',
  '@huggingface/hub': 'src/models/',
  '@huggingface/gguf': 'src/models/',
  '@huggingface/jinja': 'src/(prompts|engine-server)/',
};

const layers = Object.entries(LAYERS).map(([name, may]) => ({
  name: `layer-${name}`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: `^src/(errors\\.ts|version\\.ts|(${[name, ...may].join('|')})/)` },
}));

const doors = Object.entries(DOORS).map(([library, door]) => ({
  name: `door-${library}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^${door}` },
  to: { path: `^node_modules/${library}/` },
}));

module.exports = {
  forbidden: [
    ...layers,
    ...doors,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '/main\\.ts$' },
      to: {},
    },
    {
      name: 'the-halves-meet-in-one-file',
      comment: 'the serving half shares only the schema of its configuration with the planner',
      severity: 'error',
      from: { path: '^src/(worker|engines)/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(errors\\.ts|version\\.ts|config/worker-config\\.ts|(worker|prompts|engines)/)',
      },
    },
    {
      name: 'errors-know-nobody',
      severity: 'error',
      from: { path: '^src/(errors|version)\\.ts$' },
      to: { path: '^src/' },
    },
    {
      name: 'programs-are-entered-by-their-door',
      comment: 'other layers talk to the worker and to the engine server over HTTP',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(worker|engine-server)/' },
      to: { path: '^src/(worker|engine-server)/', pathNot: '/serve\\.ts$' },
    },
    {
      name: 'nobody-imports-the-command-line',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'plan-is-pure',
      comment: 'deciding touches nothing: no files, no network, no processes',
      severity: 'error',
      from: { path: '^src/plan/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|path|path/posix|url)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
