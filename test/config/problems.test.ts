import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadStackConfig, parseStackConfig } from '../../src/config/load-stack-config.ts';
import type { Problem } from '../../src/config/problem.ts';
import type { LlmOpsError } from '../../src/errors.ts';
import { errorOf, problemsOf, TEMPLATES } from './problems-of.ts';

describe('a problem', () => {
  it('is printed with file, line, column and path, and below it what would be right', () => {
    const error = errorOf('services:\n  Llama-2-7b:\n    source: a/b\n    gpu: A100:A10\n');

    assert.equal(
      error.message,
      'llm-ops.yml:4:10: services.Llama-2-7b.gpu: "A100:A10" gives the name twice\n' +
        '    a count `2`, a name `A100`, a memory `24GB`, or several with colons: `A100:80GB:2`',
    );
  });

  it('never hides another: all are told at once, in the order of the file', () => {
    const places = problemsOf(`
nam: x
gateway:
  http_port: 8443
  tls: { acme: { email: x } }
defaults: { source: x/y }
hosts: { gpus: [{ name: A100 }, 3] }
services:
  bad name: { source: a/b }
  B: { source: x, gpus: 1, engine: vlm, args: --x, env: [3, 4=3], port: 0 }
  C: { engine: openai }
  D: { url: "http://x", gpu: 1, replicas: 1..3 }
  C: { source: ./x }
  E: 3
  F:
`).map((problem) => problem.split(': ')[0]);

    assert.deepEqual(places, [
      '2:1 nam',
      '4:14 gateway.http_port',
      '5:10 gateway.tls.acme',
      '5:25 gateway.tls.acme.email',
      '6:13 defaults.source',
      '7:17 hosts.gpus[0].memory',
      '7:33 hosts.gpus[1]',
      '9:3 services.bad name',
      '10:16 services.B.source',
      '10:19 services.B.gpus',
      '10:36 services.B.engine',
      '10:47 services.B.args',
      '10:58 services.B.env[0]',
      '10:61 services.B.env[1]',
      '10:73 services.B.port',
      '12:25 services.D.gpu',
      '12:33 services.D.replicas',
      '12:43 services.D.replicas',
      '13:3 services.C',
      '14:6 services.E',
      '15:3 services.F.source',
    ]);
  });
});

describe('an unknown key', () => {
  it('is shown where the key stands, with the nearest one', () => {
    assert.deepEqual(problemsOf('services:\n  A:\n    source: a/b\n    replica: 2\n'), [
      '4:5 services.A.replica: unknown key | did you mean `replicas`?',
    ]);
  });

  it('that is like none gets the list', () => {
    assert.deepEqual(problemsOf('services: { A: { source: a/b } }\ngateway: { colour: red }\n'), [
      '2:12 gateway.colour: unknown key | keys here: domain, listen, http_port, https_port, tls',
    ]);
  });

  it('that other files have is led to its place', () => {
    const hints = problemsOf(
      'services:\n  A: { source: a/b, model: x, commands: [x], environment: {}, resources: { gpu: 1 } }',
    );

    assert.deepEqual(
      hints.map((text) => text.split(' | ')[1]),
      [
        '`source` says which model; requests call it by the name of the service',
        '`args` adds arguments to the engine’s own command',
        'did you mean `env`?',
        '`gpu` stands in the service itself, beside `resources`',
      ],
    );
  });
});

describe('a key that is there twice', () => {
  it('names the service and both lines', () => {
    assert.deepEqual(
      problemsOf('services:\n  A: { engine: sim }\n  B: { engine: sim }\n  A: { engine: sim }\n'),
      ['4:3 services.A: service A is defined twice | first in line 2, again in line 4: keep one'],
    );
  });

  it('is told at any depth', () => {
    assert.deepEqual(problemsOf('services:\n  A:\n    engine: sim\n    engine: sim\n'), [
      '4:5 services.A.engine: the key engine is there twice | first in line 3, again in line 4: keep one',
    ]);
  });
});

describe('a text that is no stack', () => {
  const table: readonly [string, string, RegExp][] = [
    ['an empty file', '', /^1:1 : the file is empty \| .*llm-ops init/],
    ['comments alone', '# nothing\n', /the file is empty/],
    ['a list at the top', '- a\n', /^1:1 : a list where the sections should be/],
    ['a word', 'services', /^1:1 : "services" where/],
    ['no services', 'name: a\n', /^1:1 services: there are no services/],
    ['empty services', 'services:\n', /^1:1 services: there are no services/],
    ['services of none', 'name: a\nservices: {}\n', /^2:1 services: there are no services/],
    [
      'a list of services',
      'services: [a]\n',
      /^1:11 services: a list where the services should be/,
    ],
    ['a bracket left open', 'services: {a: [\n', /cannot be read as YAML/],
    ['a tab', 'services:\n\ta: 1\n', /^2:1 : .*YAML.* \| indent with spaces/],
    ['two documents', 'a: 1\n---\nb: 1\n', /YAML/],
    ['an unknown alias', 'services: *a\n', /alias/],
    ['an unknown tag', 'services: !x { a: 1 }\n', /^1:11 : .*!x/],
  ];
  for (const [title, text, pattern] of table)
    it(`${title} is refused clearly`, () => {
      assert.match(problemsOf(text)[0] ?? '', pattern);
    });

  it('that would fill the memory with aliases is refused', () => {
    const rows = Array.from(
      { length: 12 },
      (_, at) => `x${at}: &x${at} [${`*x${at - 1}, `.repeat(9)}]`,
    );
    const text = ['x0: &x0 [a]', ...rows.slice(1)].join('\n');

    assert.match(errorOf(text).message, /alias/);
  });
});

describe('values that do not fit', () => {
  const inService: readonly [string, RegExp][] = [
    ['source: llama', /neither a Hugging Face id nor a path/],
    [
      'source: a/b, engine: vlm',
      /"vlm" is not an engine \| did you mean `vllm`\? there are: vllm, llama.cpp, openai, sim/,
    ],
    [
      'source: a/b, template: lama-2',
      /not a conversation template \| did you mean `llama-2`\? Else auto, engine, a name/,
    ],
    ['source: a/b, template: { chat_template: }', /template.chat_template: nothing is no chat/],
    ['source: a/b, template: { chat_template: x, eos_token: 5 }', /eos_token: 5 is no token/],
    ['source: a/b, template: { nam: x }', /template.nam: unknown key \| did you mean `name`/],
    ['source: a/b, template: { allow_control_tokens: 1 }', /1 is neither true nor false/],
    ['source: a/b, template: xyz', /not a conversation template \| auto, engine, a name/],
    [
      'source: a/b, args: --max-model-len 4096',
      /A.args: "--max-model-len 4096" where a list should be \| one item for each/,
    ],
    ['source: a/b, args: [[a]]', /args\[0\]: a list is no argument/],
    ['source: a/b, env: A=1', /env: "A=1" where variables should be/],
    ['source: a/b, env: { 1A: x }', /env\.1A: "1A" is no name of a variable/],
    ['source: a/b, env: { A: [x] }', /env\.A: a list is no value/],
    ['source: a/b, port: 70000', /port: 70000 does not fit \| a whole number from 1 to 65535/],
    ['source: a/b, image: "a b"', /image: "a b" does not fit/],
    ['source: a/b, replicas: 0', /replicas: 0 does not fit \| a whole number from 1 to 64/],
    ['source: a/b, replicas: 65', /replicas: 65 does not fit/],
    [
      'source: a/b, replicas: 1..4',
      /replicas: a range of replicas: only numbers are supported so far/,
    ],
    ['source: a/b, replicas: { min: 1, max: 4 }', /only numbers are supported so far/],
    [
      'engine: llama.cpp, source: a/b, idle_unload: soon',
      /idle_unload: "soon" is no duration \| a duration such as/,
    ],
    ['source: a/b, idle_unload: 10m', /idle_unload: engine "vllm" cannot give its memory back/],
    ['source: a/b, gpu: { mem: 1 }', /gpu\.mem: unknown key/],
    ['source: a/b, gpu: { memory: 24GB..40GB }', /gpu\.memory: .*upper bound/],
    [
      'source: a/b, gpu: { ids: [0, 1], count: 1 }',
      /gpu\.ids: 2 pinned GPUs for 1 replica of 1 each/,
    ],
    [
      'source: a/b, gpu: { ids: [0, 1, 2] }, replicas: 2',
      /gpu\.ids: 3 pinned GPUs for 2 replicas \|/,
    ],
    [
      'source: a/b, gpu: { ids: [0], name: A100 }',
      /gpu\.ids: pinned GPUs beside a name or a memory/,
    ],
    ['source: a/b, gpu: { vendor: amd }', /gpu\.vendor: "amd": only NVIDIA/],
    ['source: a/b, resources: { memory: 8XB }', /resources\.memory: "8XB" is not a size/],
    ['source: a/b, resources: 8GB', /resources: "8GB" where a mapping should be/],
    ['source: a/b, volumes: x', /volumes: "x" where a list should be/],
    ['source: a/b, volumes: [{ name: x }]', /volumes\[0\]\.path: `path` is missing/],
    [
      'source: a/b, volumes: [{ instance_path: x, path: /x }]',
      /volumes\[0\]: "x" is no path of this machine/,
    ],
    ['url: localhost', /url: "localhost" is no http or https address/],
    ['engine: openai', /A\.url: engine openai needs `url`/],
    ['engine: vllm', /A\.source: engine vllm needs `source` or `url`/],
    ['engine: llama.cpp', /A\.source: engine llama.cpp needs `source` or `url`/],
    [
      'url: "http://a", source: a/b',
      /A\.source: `source` beside `url`.* \| take away `source` or `url`/,
    ],
    ['url: "http://a", image: x', /A\.image: `image` beside `url`/],
  ];
  for (const [keys, pattern] of inService)
    it(`{ ${keys} } is refused`, () => {
      const problems = problemsOf(`services:\n  A: { ${keys} }\n`);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0]!, pattern);
    });

  it('one port for http and https is fine without TLS, where the second is not opened', () => {
    const text = 'gateway: { tls: off, http_port: 8443 }\nservices: { A: { engine: sim } }';
    const { gateway } = parseStackConfig(text, { file: 'llm-ops.yml', templates: TEMPLATES });
    assert.equal(gateway.httpPort, 8443);
  });

  it('a variable or a place of a volume that is there twice is told', () => {
    const text = `services:
  A:
    engine: sim
    env: [B=1, C, B]
    volumes: ['/x:/a', 'y:/b', { name: z, path: /a/ }]
`;
    assert.deepEqual(problemsOf(text), [
      '4:19 services.A.env[2]: B is in the list twice | keep one',
      '5:32 services.A.volumes[2]: /a is in the list twice | keep one',
    ]);
  });

  it('of a broken syntax, the first ten are told', () => {
    assert.equal(problemsOf('a: b: c\n'.repeat(40)).length, 10);
  });

  const atTop: readonly [string, RegExp][] = [
    ['name: Gpu_Box', /name: "Gpu_Box" does not fit \| lower-case/],
    ['gateway: { domain: "https://a" }', /gateway\.domain/],
    ['gateway: { listen: localhost }', /gateway\.listen: "localhost" is no IP address/],
    ['gateway: { http_port: 8443 }', /gateway\.http_port: http_port and https_port are both 8443/],
    [
      'gateway: { http_port: 1, https_port: 1 }',
      /gateway\.https_port: http_port and https_port are both 1/,
    ],
    ['gateway: { tls: on }', /gateway\.tls: "on" is no way to do TLS/],
    ['gateway: { tls: { cert: a } }', /gateway\.tls\.key: `key` is missing/],
    ['gateway: { tls: { acme: { email: a@b.org } } }', /gateway\.tls\.acme: acme needs a domain/],
    [
      'gateway: { domain: a.org, tls: { acme: {} } }',
      /gateway\.tls\.acme\.email: `email` is missing/,
    ],
    ['hosts: { gpus: 2 }', /hosts\.gpus: 2 where a list should be/],
    ['defaults: { url: "http://a" }', /defaults\.url: unknown key \| each service has its own/],
    ['defaults: { gpu: x:y }', /defaults\.gpu/],
    ['models: {}', /models: unknown key \| did you mean `services`\?/],
  ];
  for (const [line, pattern] of atTop)
    it(`${line} is refused`, () => {
      const problems = problemsOf(`${line}\nservices: { A: { engine: sim } }\n`);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0]!, pattern);
    });

  for (const name of ['a/b', '-a', 'a b', 'ä', 'x'.repeat(65), '__proto__'])
    it(`a service cannot be called ${name}`, () => {
      assert.match(
        problemsOf(
          `services: { A: { engine: sim }, ${JSON.stringify(name)}: { engine: sim } }`,
        ).join(),
        /cannot be part of an address/,
      );
    });
});

describe('loadStackConfig', () => {
  it('says that there is no file, and how to get one', async () => {
    await assert.rejects(loadStackConfig('/nowhere/llm-ops.yml', { templates: [] }), {
      code: 'config_invalid',
      message: '/nowhere/llm-ops.yml: there is no such file',
      hint: /llm-ops init/,
    });
  });

  it('refuses what is no UTF-8 text, before anything of it is printed', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'llm-ops-config-'));
    context.after(() => rm(directory, { recursive: true }));
    const file = join(directory, 'llm-ops.yml');
    for (const bytes of [
      [0xff, 0xfe, 0x41, 0x00],
      [0x1b, 0x80],
      [0x61, 0x3a, 0x00],
    ]) {
      await writeFile(file, Uint8Array.from(bytes));
      await assert.rejects(loadStackConfig(file, { templates: TEMPLATES }), {
        code: 'config_invalid',
        message: `${file}: this is no UTF-8 text`,
      });
    }
  });

  it('points at certificates and models that are not there, and at those alone', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'llm-ops-config-'));
    context.after(() => rm(directory, { recursive: true }));
    const file = join(directory, 'llm-ops.yml');
    await writeFile(join(directory, 'a.crt'), '');
    await writeFile(
      file,
      'gateway: { tls: { cert: a.crt, key: a.key } }\nservices:\n  A: { source: ./model }\n  B: { source: ./a.crt }\n',
    );

    await assert.rejects(loadStackConfig(file, { templates: [] }), (error: LlmOpsError) => {
      assert.match(
        error.message,
        new RegExp(`${file}:1:37: gateway.tls.key: ${directory}/a.key is not there`),
      );
      assert.match(
        error.message,
        new RegExp(`${file}:3:16: services.A.source: ${directory}/model is not there`),
      );
      assert.equal((error.details['problems'] as Problem[]).length, 2);
      return true;
    });

    await writeFile(join(directory, 'a.key'), '');
    await writeFile(join(directory, 'model'), '');
    const { config, ...where } = await loadStackConfig(file, { templates: [] });
    assert.equal(config.services.length, 2);
    assert.deepEqual(where, { file, directory });
  });
});
