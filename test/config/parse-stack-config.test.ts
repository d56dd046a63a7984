import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseStackConfig } from '../../src/config/load-stack-config.ts';
import { NO_LIMITS } from '../../src/config/to-stack-config.ts';
import type { ServiceConfig } from '../../src/config/stack-config.ts';
import { AUTO, type TemplateChoice } from '../../src/config/values/template-choice.ts';

const TEMPLATES = ['llama-2', 'mistral'];
const MISTRAL = chosen({ kind: 'named', name: 'mistral' });

function chosen(from: TemplateChoice['from'], allowControlTokens = false): TemplateChoice {
  return { from, allowControlTokens };
}

function parse(text: string) {
  return parseStackConfig(text, { file: '/etc/stack/llm-ops.yml', templates: TEMPLATES });
}

/** One service from the text of its mapping in flow style. */
function service(keys: string, defaults = '{}'): ServiceConfig {
  const [first] = parse(`{ defaults: ${defaults}, services: { A: ${keys} } }`).services;
  assert.ok(first);
  return first;
}

describe('parseStackConfig', () => {
  it('fills in every default', () => {
    assert.deepEqual(parse('services: { A: { source: org/name } }'), {
      name: 'llm-ops',
      gateway: {
        domain: null,
        listen: '127.0.0.1',
        httpPort: 8989,
        httpsPort: 8443,
        tls: { kind: 'self-signed' },
      },
      hosts: { gpus: null },
      templates: null,
      services: [
        {
          name: 'A',
          engine: 'vllm',
          url: null,
          source: { kind: 'hub', id: 'org/name', revision: null, file: null },
          image: null,
          args: [],
          env: {},
          port: null,
          gpu: { count: 1, names: [], minMemoryGiB: null, ids: [] },
          template: AUTO,
          resources: { cpu: null, memoryBytes: null, shmBytes: null },
          volumes: [],
          replicas: 1,
          idleUnloadS: null,
          controller: null,
          limits: NO_LIMITS,
          workers: 1,
        },
      ],
    });
  });

  it('reads every form of a template', () => {
    const chat = { kind: 'chat', source: '{{ x }}', bosToken: null, eosToken: null } as const;
    for (const [written, expected] of [
      ['auto', AUTO],
      ['engine', chosen({ kind: 'engine' })],
      ['mistral', MISTRAL],
      ['./mine.yml', chosen({ kind: 'file', path: '/etc/stack/mine.yml' })],
      ['{ name: mistral }', MISTRAL],
      ['{ allow_control_tokens: true }', chosen({ kind: 'auto' }, true)],
      ['{ name: ./a.jinja }', chosen({ kind: 'file', path: '/etc/stack/a.jinja' })],
      ['{ chat_template: "{{ x }}" }', chosen(chat)],
      [
        '{ chat_template: "{{ x }}", bos_token: <s>, eos_token: { content: </s>, lstrip: false }, allow_control_tokens: true }',
        chosen({ ...chat, bosToken: '<s>', eosToken: '</s>' }, true),
      ],
    ] as const)
      assert.deepEqual(service(`{ source: a/b, template: ${written} }`).template, expected);
    assert.equal(
      parse('{ templates: mine, services: { A: { engine: sim } } }').templates,
      '/etc/stack/mine',
    );
  });

  it('reads every key of a service', () => {
    const all = service(`{
      source: ./model, engine: llama.cpp, image: ghcr.io/x/y:1, args: [--ctx-size, 4096, true], env: { A: 1, B: },
      port: 9000, gpu: A100:2, template: mistral, resources: { cpu: 4.., memory: 8GB.., shm_size: 1GB },
      volumes: [v:/v, { name: w, path: /w }, { instance_path: ./x, path: /x }], replicas: 3, idle_unload: 10m,
      controller: { url: "http://c:21001/", worker_address: "http://w:8000/a/" },
      limits: { concurrency: 8, queue_length: 0, queue_timeout: 5s, idle_timeout: 2m, body_size: 1MB, prompt_characters: 1000,
        reader_timeout: 30, keep_alive: 10s, frame_wait_ms: 0 }, workers: auto }`);

    assert.deepEqual(all, {
      name: 'A',
      engine: 'llama.cpp',
      url: null,
      source: { kind: 'path', path: '/etc/stack/model' },
      image: 'ghcr.io/x/y:1',
      args: ['--ctx-size', '4096', 'true'],
      env: { A: '1', B: null },
      port: 9000,
      gpu: { count: 2, names: ['A100'], minMemoryGiB: null, ids: [] },
      template: MISTRAL,
      resources: { cpu: 4, memoryBytes: 8 * 1024 ** 3, shmBytes: 1024 ** 3 },
      volumes: [
        { kind: 'volume', source: 'v', target: '/v', readOnly: false },
        { kind: 'volume', source: 'w', target: '/w', readOnly: false },
        { kind: 'bind', source: '/etc/stack/x', target: '/x', readOnly: false },
      ],
      replicas: 3,
      idleUnloadS: 600,
      controller: { url: 'http://c:21001', workerAddress: 'http://w:8000/a' },
      limits: {
        concurrency: 8,
        queueLength: 0,
        queueTimeoutS: 5,
        idleTimeoutS: 120,
        bodyBytes: 1024 ** 2,
        promptCharacters: 1000,
        readerTimeoutS: 30,
        keepAliveS: 10,
        frameWaitMs: 0,
      },
      workers: 'auto',
    });
  });

  it('reads every form of a controller', () => {
    const at = { url: 'https://c/fastchat', workerAddress: null };
    for (const written of ['"https://c/fastchat/"', '{ url: "https://c/fastchat" }'])
      assert.deepEqual(service(`{ engine: sim, controller: ${written} }`).controller, at);
  });

  it('reads the gateway and the hosts', () => {
    const { gateway, hosts, name } = parse(`
name: gpu-box
gateway: { domain: llm.example.org, listen: '::', http_port: 80, https_port: 443, tls: { acme: { email: a@b.org } } }
hosts: { gpus: [{ name: A100, memory: 80GB }] }
services: { A: { engine: sim } }`);

    assert.equal(name, 'gpu-box');
    assert.deepEqual(gateway, {
      domain: 'llm.example.org',
      listen: '::',
      httpPort: 80,
      httpsPort: 443,
      tls: { kind: 'acme', email: 'a@b.org' },
    });
    assert.deepEqual(hosts, { gpus: [{ name: 'A100', memoryGiB: 80 }] });
  });

  it('reads all ways to do TLS, with paths from the directory of the file', () => {
    const tls = (text: string) =>
      parse(`{ gateway: { tls: ${text} }, services: { A: { engine: sim } } }`).gateway.tls;

    assert.deepEqual(tls('off'), { kind: 'off' });
    assert.deepEqual(tls('self-signed'), { kind: 'self-signed' });
    assert.deepEqual(tls('{ cert: a.crt, key: /k/a.key }'), {
      kind: 'files',
      cert: '/etc/stack/a.crt',
      key: '/k/a.key',
    });
  });

  it('keeps services in the order of the file', () => {
    const { services } = parse(
      'services: { z: { engine: sim }, a: { engine: sim }, A: { engine: sim } }',
    );

    assert.deepEqual(
      services.map(({ name }) => name),
      ['z', 'a', 'A'],
    );
  });

  it('keeps numbers and words in args and env as they were written', () => {
    const { args, env } = service(
      '{ source: a/b, args: [0.90, 1e3, True, 0x10], env: { VERSION: 1.10 } }',
    );

    assert.deepEqual(args, ['0.90', '1e3', 'True', '0x10']);
    assert.deepEqual(env, { VERSION: '1.10' });
  });

  it('reads env as a list, too', () => {
    assert.deepEqual(service('{ engine: sim, env: [A=1, B=x=y, C=, D] }').env, {
      A: '1',
      B: 'x=y',
      C: '',
      D: null,
    });
  });

  it('understands anchors and merge keys', () => {
    const { services } = parse(
      'services:\n  A: &a { source: a/b, port: 9000 }\n  B: { <<: *a, source: c/d }',
    );

    assert.deepEqual(
      services.map(({ port, source }) => [port, source?.kind === 'hub' && source.id]),
      [
        [9000, 'a/b'],
        [9000, 'c/d'],
      ],
    );
  });

  it('takes an empty optional key as left out', () => {
    const empty = service(
      '{ source: a/b, args: , env: , gpu: , template: , volumes: , resources: , replicas: , controller: , limits: }',
    );

    assert.deepEqual(empty, service('{ source: a/b }'));
  });
});

describe('GPUs', () => {
  it('vllm takes one when nothing is said, the others none', () => {
    assert.equal(service('{ source: a/b }').gpu?.count, 1);
    assert.equal(service('{ engine: llama.cpp, source: a/b }').gpu, null);
    assert.equal(service('{ engine: sim }').gpu, null);
    assert.equal(service('{ url: "http://a" }').gpu, null);
  });

  it('0 is none, and a name or a memory alone is one', () => {
    assert.equal(service('{ source: a/b, gpu: 0 }').gpu, null);
    assert.equal(service('{ engine: sim, gpu: A100 }').gpu?.count, 1);
    assert.equal(service('{ engine: sim, gpu: { memory: 24GB } }').gpu?.count, 1);
  });

  it('pinned ones are shared out among the replicas', () => {
    const { gpu } = service('{ source: a/b, replicas: 2, gpu: { ids: [0, 1, 2, 3] } }');

    assert.deepEqual(gpu, { count: 2, names: [], minMemoryGiB: null, ids: ['0', '1', '2', '3'] });
  });
});

describe('defaults', () => {
  it('give a service what it does not say, env name by name', () => {
    const { template, port, env, replicas } = service(
      '{ engine: sim, port: 1, env: { B: 2 } }',
      '{ template: mistral, port: 9, env: { A: 1, B: 1 }, replicas: 2 }',
    );

    assert.deepEqual(
      { template, port, env, replicas },
      { template: MISTRAL, port: 1, env: { A: '1', B: '2' }, replicas: 2 },
    );
  });

  it('are replaced as a whole, except env', () => {
    assert.deepEqual(service('{ engine: sim, args: [b] }', '{ args: [a, a] }').args, ['b']);
    assert.deepEqual(
      service('{ engine: sim, limits: { keep_alive: 1s } }', '{ limits: { concurrency: 1 } }')
        .limits,
      { ...NO_LIMITS, keepAliveS: 1 },
    );
    assert.equal(
      service('{ engine: sim, resources: { cpu: 1 } }', '{ resources: { memory: 1GB } }').resources
        .memoryBytes,
      null,
    );
  });

  it('can be taken back with an empty key', () => {
    const { template, env } = service(
      '{ engine: sim, template: , env: }',
      '{ template: mistral, env: { A: 1 } }',
    );

    assert.deepEqual({ template, env }, { template: AUTO, env: {} });
  });

  it('say nothing of how to start an engine that runs already', () => {
    const running = service(
      '{ url: "http://a" }',
      '{ image: x, gpu: 2, args: [a], env: { A: 1 }, replicas: 2, template: mistral, controller: "http://c", limits: { concurrency: 1 }, workers: 4 }',
    );

    assert.deepEqual(running, {
      ...service('{ url: "http://a" }'),
      template: MISTRAL,
      controller: { url: 'http://c', workerAddress: null },
      limits: { ...NO_LIMITS, concurrency: 1 },
      workers: 4,
    });
  });

  it('choose the engine that a service is checked as', () => {
    assert.equal(service('{}', '{ engine: sim }').engine, 'sim');
  });
});
