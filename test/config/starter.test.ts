import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadStackConfig, parseStackConfig } from '../../src/config/load-stack-config.ts';
import { limitsSchema } from '../../src/config/schema/limits-schema.ts';
import { serviceSchema } from '../../src/config/schema/service-schema.ts';
import { stackSchema } from '../../src/config/schema/stack-schema.ts';
import { gatewaySchema } from '../../src/config/schema/gateway-schema.ts';

const FILE = new URL('../../templates/llm-ops.yml', import.meta.url).pathname;
const TEMPLATES = [
  'llama-2',
  'vicuna_v1.1',
  'dolly_v2',
  'falcon-chat',
  'falcon',
  'mistral',
  'one_shot',
];
const LINES = readFileSync(FILE, 'utf8').split('\n');
const MARK = /^( *)#: /;

describe('the starter', () => {
  it('loads as it is, and is the example of the documentation', async () => {
    const { config } = await loadStackConfig(FILE, { templates: TEMPLATES });

    assert.equal(config.name, 'llm-ops');
    assert.deepEqual(config.gateway, {
      domain: null,
      listen: '127.0.0.1',
      httpPort: 8989,
      httpsPort: 8443,
      tls: { kind: 'self-signed' },
    });
    const [service, ...more] = config.services;
    assert.deepEqual(more, []);
    assert.equal(service?.name, 'Llama-2-7b-chat');
    assert.equal(service.engine, 'vllm');
    assert.deepEqual(service.template.from, { kind: 'named', name: 'llama-2' });
    assert.equal(service.gpu?.count, 1);
    assert.deepEqual(service.source, {
      kind: 'hub',
      id: 'meta-llama/Llama-2-7b-chat-hf',
      revision: null,
      file: null,
    });
  });

  for (const block of blocks())
    it(`still loads, and differs, with \`${block.title}\``, () => {
      const text = uncomment(block);

      const config = parseStackConfig(text, { file: FILE, templates: TEMPLATES });

      if (!block.isDefault)
        assert.notDeepEqual(
          config,
          parseStackConfig(LINES.join('\n'), { file: FILE, templates: TEMPLATES }),
        );
    });

  it('shows every key that there is', () => {
    const context = { directory: '/', templates: [] };
    const [stack, gateway, service] = [
      stackSchema(context),
      gatewaySchema('/'),
      serviceSchema(context),
    ];
    const shown = new Set(LINES.map((line) => /^ *(?:#: +)?([a-z_]+):/.exec(line)?.[1]));
    const keys = [stack, gateway, service, limitsSchema()].flatMap((schema) =>
      Object.keys(schema.shape),
    );

    assert.deepEqual(
      keys.filter((key) => !shown.has(key)),
      [],
    );
  });
});

type Block = {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly isDefault: boolean;
};

/** Lines with the mark that follow each other are one thing to try. */
function blocks(): readonly Block[] {
  const starts = LINES.flatMap((line, at) =>
    MARK.test(line) && !MARK.test(LINES[at - 1] ?? '') ? [at] : [],
  );
  return starts.map((from) => {
    const length = LINES.slice(from).findIndex((line) => !MARK.test(line));
    const title = LINES[from]!.replace(MARK, '');
    const isDefault = ['name: llm-ops', 'tls: self-signed', 'engine: vllm'].includes(title);
    return { title, from, to: from + length, isDefault };
  });
}

/** The whole text with one block in force; a key that it gives anew takes the place of the one there. */
function uncomment({ from, to }: Block): string {
  const fresh = LINES.slice(from, to).map((line) => line.replace(MARK, '$1'));
  const indent = /^ */.exec(fresh[0]!)![0];
  const heads = fresh
    .map((line) => /^ *[\w.-]+:/.exec(line)?.[0])
    .filter((head) => head !== undefined && /^ */.exec(head)![0] === indent);
  const rest = LINES.map((line, at) => {
    if (at >= from && at < to) return fresh[at - from]!;
    const head = /^ *[\w.-]+:/.exec(line)?.[0];
    return head !== undefined && heads.includes(head) ? '' : line;
  });
  return rest.join('\n');
}
