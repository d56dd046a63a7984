import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { composeFile, labelOf, renderSample } from './render-sample.ts';
import { engineOf, planOf, serviceOf } from './sample-plan.ts';

const one = planOf([serviceOf('Llama-2-7b-chat')]);

describe('the containers of a stack', () => {
  it('are an engine for each replica, a worker for each service, and the front door', () => {
    const plan = planOf([serviceOf('a', [engineOf(), engineOf()]), serviceOf('b')]);
    assert.deepEqual(Object.keys(composeFile(plan).services), [
      'a-engine-0',
      'a-engine-1',
      'a-worker',
      'b-engine-0',
      'b-worker',
      'gateway',
      'traefik',
      'socket-proxy',
    ]);
  });

  it('publish no port but those of Traefik, on the address that was asked for', () => {
    const { services } = composeFile(one);
    const publishing = Object.keys(services).filter((name) => services[name]?.ports !== undefined);
    assert.deepEqual(publishing, ['traefik']);
    assert.deepEqual(services['traefik']?.ports, ['127.0.0.1:8989:8080', '127.0.0.1:8443:8443']);
  });

  it('publish on an IPv6 address in brackets', () => {
    const { services } = composeFile(planOf([], { gateway: { listen: '::1' } }));
    assert.deepEqual(services['traefik']?.ports, ['[::1]:8989:8080', '[::1]:8443:8443']);
  });

  it('keep engines off the network that Traefik is on', () => {
    const { services } = composeFile(one);
    assert.deepEqual(services['Llama-2-7b-chat-engine-0']?.networks, {
      engines: { aliases: ['llama-2-7b-chat-engine-0'] },
    });
    assert.deepEqual(Object.keys(services['traefik']?.networks ?? {}), ['edge', 'control']);
    assert.deepEqual(Object.keys(services['Llama-2-7b-chat-worker']?.networks ?? {}), [
      'edge',
      'engines',
    ]);
  });

  it('have no global name, and say whose they are', () => {
    const { services } = composeFile(one);
    for (const [name, service] of Object.entries(services)) {
      assert.ok(!('container_name' in service), name);
      assert.equal(service.labels['llm-ops.stack'], 't-compose-sample');
      assert.match(service.labels['llm-ops.hash'] ?? '', /^[0-9a-f]{16}$/);
    }
    assert.equal(services['Llama-2-7b-chat-engine-0']?.labels['llm-ops.role'], 'engine');
    assert.equal(services['Llama-2-7b-chat-worker']?.labels['llm-ops.service'], 'Llama-2-7b-chat');
  });

  it('let running answers end as long as Traefik does, and have time left to cut the others', () => {
    const { services } = composeFile(one);
    const { entryPoints } = parse(renderSample(one).get('traefik/traefik.yml')!) as {
      entryPoints: { websecure: { transport: { lifeCycle: { graceTimeOut: string } } } };
    };
    const { graceTimeOut } = entryPoints.websecure.transport.lifeCycle;
    for (const name of ['Llama-2-7b-chat-worker', 'gateway']) {
      const { environment, stop_grace_period } = services[name]!;
      const drainS = Number(environment?.['LLM_OPS_DRAIN_MS']) / 1000;
      assert.equal(graceTimeOut, `${String(drainS)}s`);
      assert.equal(stop_grace_period, '2m');
      assert.ok(drainS < 120);
    }
  });

  it('say how many processes a worker has, where it is not one', () => {
    const workersOf = (workers: number | 'auto'): unknown =>
      composeFile(planOf([serviceOf('a', [engineOf()], { workers })])).services['a-worker']
        ?.environment?.['LLM_OPS_WORKERS'];
    assert.deepEqual([workersOf(1), workersOf(3), workersOf('auto')], [undefined, '3', 'auto']);
  });

  it('build the product image once and never pull it', () => {
    const { services } = composeFile(planOf([serviceOf('a', [engineOf({ kind: 'sim' })])]));
    const ours = Object.entries(services).filter(([, { image }]) => image === 'llm-ops:1.2.3');
    assert.deepEqual(
      ours.map(([name, { build }]) => [name, build]),
      [
        ['a-engine-0', undefined],
        ['a-worker', undefined],
        ['gateway', { context: '.', provenance: false }],
      ],
    );
    for (const [, service] of ours) assert.equal('pull_policy' in service, true);
  });
});

describe('the routes', () => {
  it('take a service by its whole name, dots and all', () => {
    const { services } = composeFile(planOf([serviceOf('Qwen2.5')]));
    const worker = services['Qwen2.5-worker'];
    assert.equal(labelOf(worker, '.rule'), 'Path(`/api/Qwen2.5`) || PathPrefix(`/api/Qwen2.5/`)');
    assert.equal(labelOf(worker, '.stripprefix.prefixes'), '/api/Qwen2.5');
    assert.equal(labelOf(worker, '.priority'), '1000');
    assert.equal(labelOf(worker, '.server.port'), '8000');
    assert.equal(labelOf(worker, '.docker.network'), 't-compose-sample_edge');
  });

  it('hold the domain around both halves of the rule', () => {
    const plan = planOf([serviceOf('a')], { gateway: { domain: 'llm.example.org' } });
    const { services } = composeFile(plan);
    assert.equal(
      labelOf(services['a-worker'], '.rule'),
      'Host(`llm.example.org`) && (Path(`/api/a`) || PathPrefix(`/api/a/`))',
    );
    assert.equal(
      labelOf(services['gateway'], '.rule'),
      'Host(`llm.example.org`) && PathPrefix(`/`)',
    );
  });

  it('leave everything else to the gateway, behind all others', () => {
    const { services } = composeFile(one);
    assert.equal(labelOf(services['gateway'], '.rule'), 'PathPrefix(`/`)');
    assert.equal(labelOf(services['gateway'], '.priority'), '1');
  });

  it('have names that differ from the gateway, even for a service called gateway', () => {
    const { services } = composeFile(planOf([serviceOf('gateway')]));
    const routers = Object.values(services).flatMap(({ labels }) =>
      Object.keys(labels).filter((key) => /^traefik\.http\.routers\..*\.rule$/.test(key)),
    );
    assert.equal(new Set(routers).size, 2);
    assert.ok(renderSample(planOf([serviceOf('gateway')])).has('workers/gateway/worker.json'));
  });

  it('go over plain HTTP when TLS is off, and then only that port is published', () => {
    const plan = planOf([serviceOf('a')], { gateway: { tls: { kind: 'off' } } });
    const { services } = composeFile(plan);
    assert.equal(labelOf(services['a-worker'], '.entrypoints'), 'web');
    assert.equal(labelOf(services['a-worker'], '.tls'), undefined);
    assert.deepEqual(services['traefik']?.ports, ['127.0.0.1:8989:8080']);
    assert.doesNotMatch(renderSample(plan).get('traefik/traefik.yml')!, /websecure|redirect/);
  });

  it('get certificates from ACME when that is asked for', () => {
    const plan = planOf([serviceOf('a')], {
      gateway: { domain: 'llm.example.org', tls: { kind: 'acme', email: 'ops@example.org' } },
    });
    const { services, volumes } = composeFile(plan);
    assert.equal(labelOf(services['a-worker'], '.tls.certresolver'), 'le');
    assert.ok('acme' in (volumes ?? {}));
    assert.match(renderSample(plan).get('traefik/traefik.yml')!, /email: ops@example\.org/);
  });

  it('use the certificate of files, which Traefik can read whoever owns them', () => {
    const tls = { kind: 'files', cert: '/certs/a b.pem', key: '/certs/k.pem' } as const;
    const plan = planOf([serviceOf('a')], { gateway: { tls } });
    const traefik = composeFile(plan).services['traefik'];
    assert.deepEqual(
      traefik?.volumes?.map(({ source }) => source),
      ['./traefik', '/certs/a b.pem', '/certs/k.pem'],
    );
    assert.deepEqual((traefik as { cap_add?: unknown }).cap_add, ['DAC_OVERRIDE']);
    assert.match(renderSample(plan).get('traefik/dynamic/tls.yml')!, /certFile: \/certs\/tls\.crt/);
  });
});

describe('the configuration of workers', () => {
  it('names engines by their hosts in the network', () => {
    const config = renderSample(one).get('workers/Llama-2-7b-chat/worker.json')!;
    assert.match(config, /"url": "http:\/\/llama-2-7b-chat-engine-0:8000"/);
    assert.ok(config.endsWith('}\n'));
  });

  it('names workers by their hosts for the gateway', () => {
    const config = renderSample(one).get('workers/_gateway/worker.json')!;
    assert.match(config, /"role": "gateway"/);
    assert.match(config, /"worker": "http:\/\/llama-2-7b-chat-worker:8000"/);
  });

  it('reaches an engine on this machine by the name that containers have for it', () => {
    const plan = planOf([serviceOf('a', [{ url: 'http://localhost:11434/v1' }])]);
    const config = renderSample(plan).get('workers/a/worker.json')!;
    assert.match(config, /"url": "http:\/\/host\.docker\.internal:11434\/v1"/);
    assert.deepEqual(composeFile(plan).services['a-worker']?.extra_hosts, [
      'host.docker.internal:host-gateway',
    ]);
  });

  it('leaves the address of an engine elsewhere alone', () => {
    const plan = planOf([serviceOf('a', [{ url: 'https://gpu-box.lan:8443' }])]);
    const config = renderSample(plan).get('workers/a/worker.json')!;
    assert.match(config, /"url": "https:\/\/gpu-box\.lan:8443"/);
    assert.equal(composeFile(plan).services['a-worker']?.extra_hosts, undefined);
  });
});

describe('the head of the Compose file', () => {
  it('says where it comes from, how to make it anew, and what one should know', () => {
    const plan = planOf([serviceOf('a')], { warnings: ['first\nservices: {}', 'second'] });
    const text = renderSample(plan).get('docker-compose.yml')!;
    const head = text.split('\n').filter((line) => line.startsWith('#'));
    assert.match(head[0]!, /llm-ops 1\.2\.3 from llm-ops\.yml/);
    assert.match(head.join('\n'), /`llm-ops render`/);
    assert.deepEqual(head.slice(2), ['# Note: first services: {}', '# Note: second']);
    assert.equal((parse(text) as { name: string }).name, 't-compose-sample');
  });

  it('is the same for the same plan', () => {
    assert.deepEqual([...renderSample(one)], [...renderSample(one)]);
  });
});
