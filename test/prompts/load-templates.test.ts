import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { LlmOpsError } from '../../src/errors.ts';
import { listTemplateNames, loadTemplates } from '../../src/prompts/load-templates.ts';
import { renderPrompt } from '../../src/prompts/render-prompt.ts';
import { SHIPPED, templates } from './shipped.ts';

const good = (name: string) => `name: ${name}
system_template: "System: {system_message}"
roles: ["Me", "You"]
sep_style: ADD_COLON_SINGLE
sep: "\\n"
`;

type Files = Readonly<Record<string, string | Uint8Array>>;

async function withTemplates<T>(files: Files, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'templates-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The lines of the error that loading these files gives, without the directory before them. */
async function problemsOf(files: Files): Promise<readonly string[]> {
  return withTemplates(files, async (directory) => {
    const error = await loadTemplates(directory).then(
      () => assert.fail('loading should have failed'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof LlmOpsError);
    assert.equal(error.code, 'config_invalid');
    const lines = error.message.split('\n').map((line) => line.replaceAll(`${directory}/`, ''));
    assert.equal((error.details['problems'] as unknown[]).length, lines.length);
    return lines;
  });
}

describe('loading templates', () => {
  it('lists the shipped templates, sorted, and loads exactly those', async () => {
    const names = await listTemplateNames(SHIPPED);
    assert.equal(names.length, 84);
    assert.deepEqual(names, [...names].sort());
    assert.deepEqual(
      names.filter((name) => name.includes('/')),
      ['fastchat/llama-2', 'fastchat/mistral'],
    );
    assert.deepEqual([...templates.keys()], names);
  });

  it('finds a first line in each shipped file that says who uses it', async () => {
    for (const name of templates.keys()) {
      assert.match(await readFile(join(SHIPPED, `${name}.yml`), 'utf8'), /^# [^\n]{5,160}\n/, name);
    }
  });

  it('needs no code for a new template', async () => {
    const prompt = await withTemplates({ 'ours.yml': good('ours') }, async (directory) => {
      const ours = (await loadTemplates(directory)).get('ours')!;
      return renderPrompt(ours, { system: 'Hi.', messages: [{ role: 'user', text: 'What?' }] });
    });
    assert.equal(prompt, 'System: Hi.\nMe: What?\nYou:');
  });

  it('gives what may be left out its meaning: nothing', async () => {
    const template = await withTemplates({ 'ours.yml': good('ours') }, async (directory) =>
      (await loadTemplates(directory)).get('ours'),
    );
    assert.equal(template?.system_message, '');
    assert.deepEqual(template.messages, []);
    assert.equal(template.sep2, null);
    assert.equal(template.stop_str, null);
    assert.equal(template.stop_token_ids, null);
  });

  it('takes stop texts as one text or as a list', async () => {
    const files = {
      'one.yml': `${good('one')}stop_str: "###"\n`,
      'two.yml': `${good('two')}stop_str: ["###", "</s>"]\nstop_token_ids: []\n`,
    };
    const loaded = await withTemplates(files, loadTemplates);
    assert.equal(loaded.get('one')?.stop_str, '###');
    assert.deepEqual(loaded.get('two')?.stop_str, ['###', '</s>']);
    assert.deepEqual(loaded.get('two')?.stop_token_ids, []);
  });

  it('keys a template in a folder by its path, so that two projects may have one name', async () => {
    const files = { 'mistral.yml': good('mistral'), 'fastchat/mistral.yaml': good('mistral') };
    const [loaded, names] = await withTemplates(
      files,
      async (directory) =>
        [await loadTemplates(directory), await listTemplateNames(directory)] as const,
    );
    assert.deepEqual(names, ['fastchat/mistral', 'mistral']);
    assert.deepEqual([...loaded.keys()], names);
    assert.equal(loaded.get('fastchat/mistral')?.name, 'mistral');
  });

  it('puts a template of a later directory in the place of an earlier one’s', async () => {
    const files = {
      'shipped/a.yml': good('a'),
      'shipped/c.yml': good('c'),
      'ours/b.yml': good('b'),
      'ours/a.yaml': `${good('a')}stop_str: "ours"\n`,
    };
    await withTemplates(files, async (directory) => {
      const both = [join(directory, 'shipped'), join(directory, 'ours')];
      const loaded = await loadTemplates(both);
      assert.deepEqual([...loaded.keys()], ['a', 'b', 'c']);
      assert.deepEqual(await listTemplateNames(both), ['a', 'b', 'c']);
      assert.equal(loaded.get('a')?.stop_str, 'ours');
      assert.equal((await loadTemplates(both.toReversed())).get('a')?.stop_str, null);
      assert.deepEqual([...(await loadTemplates([])).keys()], []);
    });
  });

  it('takes one name in two directories, and a directory named twice, for no mistake', async () => {
    const files = { 'shipped/a.yml': good('a'), 'ours/a.yml': good('a') };
    await withTemplates(files, async (directory) => {
      const [theirs, ours] = [join(directory, 'shipped'), join(directory, 'ours')];
      assert.deepEqual([...(await loadTemplates([theirs, ours])).keys()], ['a']);
      assert.deepEqual([...(await loadTemplates([ours, ours])).keys()], ['a']);
    });
  });

  it('names what is wrong in every directory', async () => {
    const files = { 'shipped/a.yml': good('x'), 'ours/b.yml': good('y'), 'ours/b.yaml': good('b') };
    await withTemplates(files, async (directory) => {
      const both = [join(directory, 'shipped'), join(directory, 'ours')];
      await assert.rejects(loadTemplates(both), (error) => {
        assert.ok(error instanceof LlmOpsError);
        const places = error.message.split('\n').map((line) => line.slice(directory.length + 1));
        assert.equal(places.length, 3);
        assert.match(places[0]!, /^shipped\/a\.yml:1:7: name/);
        assert.match(places[1]!, /^ours\/b\.yml:1:7: name/);
        assert.match(places[2]!, /^ours\/b\.yml:1:1: .*ours\/b\.yaml has the same name/);
        return true;
      });
    });
  });

  it('passes over hidden files and other endings, and follows links to files', async () => {
    const files = { 'README.md': '#', '.a.yml': '[', '..data/b.yml': good('b'), 'c.yml~': '[' };
    const names = await withTemplates(files, async (directory) => {
      await symlink('..data/b.yml', join(directory, 'b.yml'));
      return [...(await loadTemplates(directory)).keys()];
    });
    assert.deepEqual(names, ['b']);
  });

  it('says which directory cannot be read', async () => {
    const missing = join(tmpdir(), 'no-such-templates');
    for (const act of [loadTemplates, listTemplateNames]) {
      await assert.rejects(act(missing), (error) => {
        assert.ok(error instanceof LlmOpsError);
        assert.equal(error.code, 'config_invalid');
        assert.match(error.message, /cannot read the conversation templates: .*no-such-templates/);
        return true;
      });
    }
  });
});

describe('a broken template', () => {
  it('is reported with every other one, each problem with file, line and column', async () => {
    const lines = await problemsOf({
      'a.yml': good('a').replace('sep:', 'sepp:'),
      'b.yml': `${good('b')}  stop_str: x\n`,
      'c.yml': good('c'),
      'd.yml': good('d').replace('ADD_COLON_SINGLE', 'CHATLM'),
    });
    assert.equal(lines.length, 4);
    assert.match(lines[0]!, /^a\.yml:1:1: sep: is missing$/);
    assert.match(lines[1]!, /^a\.yml:5:1: unknown key "sepp"; a template has name, .*sep2/);
    assert.match(lines[2]!, /^b\.yml:6:\d+: /);
    assert.match(lines[3]!, /^d\.yml:4:12: sep_style: .*"ADD_COLON_SINGLE".*"RWKV"/);
  });

  const cases: Readonly<Record<string, readonly [text: string | Uint8Array, problem: RegExp]>> = {
    'an empty file': ['', /^x\.yml:1:1: .*expected object/],
    'a file with comments only': ['# nothing\n', /^x\.yml:\d:\d: .*expected object/],
    'a list': ['- name: x\n', /^x\.yml:1:1: .*expected object/],
    'a key given twice': [`${good('x')}sep: " "\n`, /^x\.yml:6:1: .*unique/],
    'an unknown tag': [`${good('x')}sep2: !secret a\n`, /^x\.yml:6:7: .*!secret/],
    'two documents': [`${good('x')}---\n${good('x')}`, /^x\.yml:6:1: .*multiple documents/],
    'an alias of nothing': [`${good('x')}sep2: *gone\n`, /^x\.yml:\d:\d: .*gone/],
    'one role': [good('x').replace('"Me", ', ''), /^x\.yml:3:8: roles/],
    'a separator that is a number': [good('x').replace('"\\n"', '1'), /^x\.yml:5:6: sep: .*string/],
    'a stop text that is a number': [`${good('x')}stop_str: 1\n`, /^x\.yml:6:11: stop_str: .*list/],
    'an empty stop text': [`${good('x')}stop_str: [""]\n`, /^x\.yml:6:\d+: stop_str.*not empty/],
    'a token id below 0': [
      `${good('x')}stop_token_ids: [2, -1]\n`,
      /^x\.yml:6:21: stop_token_ids\.1/,
    ],
    'a style whose sep2 is missing': [
      good('x').replace('ADD_COLON_SINGLE', 'LLAMA2'),
      /^x\.yml:1:1: sep2: the style LLAMA2 needs it$/,
    ],
    'a few-shot turn of nobody': [
      `${good('x')}messages:\n  - ["Me", "a"]\n  - ["Them", "b"]\n`,
      /^x\.yml:8:6: messages\.1\.0: "Them" is not one of the roles \["Me","You"\]$/,
    ],
    'a name unlike the file': [
      good('y'),
      /^x\.yml:1:7: name: "y" is not the file's name; write "x"/,
    ],
    'text that is not UTF-8': [
      Buffer.concat([Buffer.from(good('x')), Buffer.from([0xff, 0x0a])]),
      /^x\.yml:1:1: cannot be read: .*utf-8/i,
    ],
  };
  for (const [what, [text, problem]] of Object.entries(cases)) {
    it(`is named with its place: ${what}`, async () => {
      const lines = await problemsOf({ 'x.yml': text });
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, problem);
    });
  }

  it('is reported for a name that two files claim', async () => {
    const lines = await problemsOf({ 'x.yml': good('x'), 'x.yaml': good('x') });
    assert.deepEqual(lines, ['x.yml:1:1: x.yaml has the same name; keep one of them']);
  });
});
