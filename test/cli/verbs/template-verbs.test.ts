import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { runCommand } from '../command.ts';
import { PRODUCT_ROOT } from '../fake-context.ts';

const GOLDEN = join(PRODUCT_ROOT, 'test/prompts/golden');
const template = (...args: readonly string[]) =>
  runCommand(['template', ...args], { cwd: directory });

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'llm-ops-templates-'));
});
after(() => rm(directory, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

describe('template check', () => {
  for (const [dialect, rows] of [
    ['fastchat', 'prompts-fastchat.jsonl'],
    ['llm-ops', 'prompts-llmops.jsonl'],
  ] as const)
    it(`finds all rows of ${dialect} equal`, async () => {
      const file = join(GOLDEN, rows);
      const count = (await readFile(file, 'utf8')).trimEnd().split('\n').length;

      const { status, stdout } = await template('check', file, '--dialect', dialect);

      assert.equal(stdout.trimEnd().split('\n').at(-1), `${String(count)} equal, 0 different`);
      assert.equal(status, 0);
    });

  it('fails for one changed byte, and shows its place', async () => {
    const rows = (await readFile(join(GOLDEN, 'prompts-llmops.jsonl'), 'utf8')).split('\n');
    const at = rows.findIndex((row) => row.includes('"template": "vicuna_v1.1"'));
    const row = JSON.parse(rows[at]!) as { prompt: string };
    const changed = { ...row, prompt: row.prompt.replace('ASSISTANT', 'ASSISTANt') };
    const file = await write('changed.jsonl', rows.with(at, JSON.stringify(changed)).join('\n'));

    const { status, stdout } = await template('check', file, '--dialect', 'llm-ops');

    assert.equal(status, 1);
    assert.match(stdout, new RegExp(`changed\\.jsonl:${String(at + 1)}: vicuna_v1\\.1, `));
    assert.match(stdout, /prompt at character \d+ \(line 1, column \d+\)\n +expected .*ASSISTANt/);
    assert.match(stdout, /\n92 equal, 1 different\n$/);
  });

  it('counts what it cannot read as different, and refuses a file without rows', async () => {
    const broken = await write('broken.jsonl', '{"template": "llama-2"\n{}\n');
    const empty = await write('empty.jsonl', '\n');

    const { status, stdout } = await template('check', broken);

    assert.equal(status, 1);
    assert.match(stdout, /0 equal, 2 different\n$/);
    assert.equal((await template('check', empty)).status, 2);
    assert.equal((await template('check', join(directory, 'nowhere'))).status, 2);
  });
});

describe('template match', () => {
  it('prints one name a line, in the order of the paths', async () => {
    const paths = ['lmsys/vicuna-7b-v1.5', '/srv/Mistral-7B-Instruct-v0.2', 'org/unheard-of'];

    const { status, stdout } = await template('match', ...paths);

    assert.equal(stdout, 'vicuna_v1.1\nmistral\none_shot\n');
    assert.equal(status, 0);
  });
});

describe('template render', () => {
  it('prints the exact prompt of both forms of messages', async () => {
    const file = await write(
      'messages.json',
      JSON.stringify([
        { role: 'system', content: 'S.' },
        { role: 'human', text: 'a' },
        { role: 'ai', content: 'b' },
        { role: 'user', text: 'c</s>' },
      ]),
    );
    const render = (...more: readonly string[]) =>
      template('render', 'vicuna_v1.1', '--messages', file, ...more);

    assert.equal(
      (await render()).stdout,
      'S. USER: a ASSISTANT: b</s>USER: c<\u200b/s> ASSISTANT:\n',
    );
    const { stdout } = await render('--json', '--allow-control-tokens', '--system', 'T.');
    assert.equal(
      (JSON.parse(stdout) as { prompt: string }).prompt,
      'T.\n\nS. USER: a ASSISTANT: b</s>USER: c</s> ASSISTANT:',
    );
  });

  it('takes a model’s directory, Jinja and a template’s file by their paths', async () => {
    const messages = await write('hi.json', '[{"role": "user", "content": "Hi</s>"}]');
    const model = await mkdtemp(join(directory, 'model-'));
    const source = '{{ bos_token }}{% for m in messages %}{{ m.role }}={{ m.content }}{% endfor %}';
    const config = { chat_template: source, bos_token: { content: '<s>' }, eos_token: '</s>' };
    await writeFile(join(model, 'tokenizer_config.json'), JSON.stringify(config));
    const jinja = await write('mine.jinja', source);
    const yml = await write(
      'mine.yml',
      'name: mine\nsystem_template: "{system_message}"\nroles: [U, A]\nsep_style: ADD_COLON_SINGLE\nsep: "|"\n',
    );
    const prompts = await Promise.all(
      [model, jinja, yml].map(async (path) => {
        const { stdout } = await template('render', path, '--messages', messages);
        return stdout;
      }),
    );

    assert.deepEqual(prompts, ['<s>user=Hi<\u200b/s>\n', 'user=Hi</s>\n', '|U: Hi</s>|A:\n']);
    assert.equal((await template('render', directory, '--messages', messages)).status, 2);
  });

  it('refuses what is no list of messages, and a name that there is not', async () => {
    for (const text of ['{', '{}', '[{"role": "robot", "text": "a"}]']) {
      const file = await write('bad.json', text);
      const { status, stderr } = await template('render', 'llama-2', '--messages', file);
      assert.equal(status, 2, text);
      assert.match(stderr, /bad\.json holds no messages: /);
    }
    const { status } = await template('render', 'lama', '--messages', '-');
    assert.equal(status, 2);
  });
});

describe('template list and show', () => {
  it('know the templates of the configuration’s directory, too', async () => {
    const own = await mkdtemp(join(directory, 'own-'));
    const text = (name: string) =>
      `name: ${name}\nsystem_template: "{system_message}"\nroles: [Me, You]\nsep_style: ADD_COLON_SINGLE\nsep: "\\n"\n`;
    await writeFile(join(own, 'mine.yml'), text('mine'));
    await writeFile(join(own, 'llama-2.yml'), text('llama-2'));
    const config = 'services: { a: { engine: sim, template: mine } }\n';
    const file = await write('own.yml', `templates: ${own}\n${config}`);

    const list = await template('list', '-f', file);
    const show = await template('show', 'llama-2', '-f', file);
    const shipped = await template('show', 'llama-2');

    assert.match(list.stdout, /^mine +ADD_COLON_SINGLE/m);
    assert.match(list.stdout, /^vicuna_v1\.1 +ADD_COLON_TWO/m);
    assert.match(show.stdout, /roles: +\["Me","You"\]/);
    assert.match(shipped.stdout, /\[INST\] Hello! \[\/INST\]/);
    await writeFile(join(own, 'broken.yml'), 'name: broken\nsep_style: NONE\n');
    const validate = await runCommand(['validate', '-f', file]);
    assert.equal(validate.status, 2);
    assert.match(validate.stderr, /broken\.yml:2:\d+: sep_style/);
  });
});
