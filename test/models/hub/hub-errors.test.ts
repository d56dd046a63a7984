import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { LlmOpsError } from '../../../src/errors.ts';
import { MEMBER_TOKEN, startFakeHub, type FakeHub } from '../fake-hub.ts';
import { createMachine, type Machine } from '../machine.ts';

const FILE = 'model.Q8_0.gguf';

function urlOf(server: Server): string {
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe('what the hub refuses', () => {
  let hub: FakeHub;
  let machine: Machine;
  before(async () => {
    hub = await startFakeHub();
    hub.push('org/open', { [FILE]: 'open', 'config.json': '{}' });
    hub.push('org/gated', { [FILE]: 'gated' }, { isGated: true });
    hub.push('org/private', { [FILE]: 'private' }, { isPrivate: true });
  });
  beforeEach(() => {
    machine = createMachine(hub.url);
  });
  afterEach(() => machine.remove());
  after(async () => hub.close());

  const refusal = async (source: string): Promise<LlmOpsError> => {
    try {
      await machine.pull(source);
    } catch (error) {
      assert.ok(error instanceof LlmOpsError, String(error));
      return error;
    }
    return assert.fail('it was pulled');
  };

  for (const { what, source, token, code, message, hint } of [
    {
      what: 'a model that does not exist',
      source: 'org/none',
      token: '',
      code: 'model_not_found',
      message: /has no model org\/none/,
      hint: /private, set HF_TOKEN/,
    },
    {
      what: 'a private model, without a token',
      source: 'org/private',
      token: '',
      code: 'model_not_found',
      message: /has no model org\/private/,
      hint: /private, set HF_TOKEN/,
    },
    {
      what: 'a private model, with a token that may not read it',
      source: 'org/private',
      token: 'hf_guest',
      code: 'model_not_found',
      message: /has no model/,
      hint: /HF_TOKEN must be allowed/,
    },
    {
      what: 'a revision that does not exist',
      source: 'org/open@v9',
      token: '',
      code: 'model_not_found',
      message: /no revision v9/,
      hint: /org\/open\/tree\/main/,
    },
    {
      what: 'a file that does not exist',
      source: 'org/open:x.gguf',
      token: '',
      code: 'model_not_found',
      message: /has no file x\.gguf/,
      hint: /model\.Q8_0\.gguf/,
    },
    {
      what: 'a quantization that does not exist',
      source: 'org/open:Q2_K',
      token: '',
      code: 'model_not_found',
      message: /no GGUF file for Q2_K/,
      hint: /model\.Q8_0\.gguf/,
    },
    {
      what: 'a gated model, without a token',
      source: 'org/gated',
      token: '',
      code: 'model_gated',
      message: /org\/gated: Access .* restricted/,
      hint: /terms on http:\S+\/org\/gated, then set HF_TOKEN/,
    },
    {
      what: 'a gated model, with a token that may not read it',
      source: 'org/gated',
      token: 'hf_guest',
      code: 'model_gated',
      message: /restricted/,
      hint: /HF_TOKEN belongs to that account/,
    },
    {
      what: 'a token that nobody knows',
      source: 'org/open',
      token: 'hf_wrong',
      code: 'hub_failed',
      message: /did not accept the token/,
      hint: /settings\/tokens/,
    },
  ] as const) {
    it(`says so: ${what}`, async () => {
      machine.env['HF_TOKEN'] = token;
      const error = await refusal(source);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
    });
  }

  it('shows the token to the hub and to nobody else', async () => {
    machine.env['HF_TOKEN'] = MEMBER_TOKEN;
    const before = hub.requests.length;
    await machine.pull('org/gated');
    await machine.pull('org/private');
    const requests = hub.requests.slice(before);
    assert.ok(requests.some(({ at }) => at === 'cdn'));
    for (const { at, authorization } of requests)
      assert.equal(authorization, at === 'hub' ? `Bearer ${MEMBER_TOKEN}` : null);
  });

  it('shows no token to another host that goes on with the list', async (t) => {
    const seen: (string | undefined)[] = [];
    const elsewhere = createServer(({ headers }, response) => {
      seen.push(headers.authorization);
      response.setHeader('content-type', 'application/json').end('[]');
    });
    const listing = createServer(({ url = '' }, response) => {
      response.setHeader('content-type', 'application/json');
      if (!url.includes('/tree/'))
        return response.end(JSON.stringify({ sha: 'a'.repeat(40), lastModified: 0 }));
      response.setHeader('link', `<${urlOf(elsewhere)}/more>; rel="next"`);
      return response.end('[]');
    });
    for (const server of [elsewhere, listing]) {
      t.after(() => server.close());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    Object.assign(machine.env, { HF_TOKEN: MEMBER_TOKEN, HF_ENDPOINT: urlOf(listing) });
    assert.match((await refusal('org/open')).message, /has no GGUF/);
    assert.deepEqual(seen, [undefined]);
  });

  it('takes the token from its file, and a token that does not begin with hf_', async () => {
    mkdirSync(join(machine.home, '.cache/huggingface'), { recursive: true });
    writeFileSync(join(machine.home, '.cache/huggingface/token'), 'of-a-mirror\n');
    assert.match((await refusal('org/open')).message, /did not accept the token/);
    assert.equal(hub.requests.at(-1)?.authorization, 'Bearer of-a-mirror');
    machine.env['HF_TOKEN_PATH'] = join(machine.home, 'mine');
    writeFileSync(machine.env['HF_TOKEN_PATH'], MEMBER_TOKEN);
    await machine.pull('org/private');
  });

  it('says whom it cannot reach and why, at once', async () => {
    const gone = await startFakeHub();
    await gone.close();
    machine.env['HF_ENDPOINT'] = gone.url;
    const error = await refusal('org/open');
    assert.equal(error.code, 'hub_unreachable');
    assert.match(error.message, /hub at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    assert.match(error.hint ?? '', /^Set HF_ENDPOINT.*HF_HUB_OFFLINE.*pypi:/);
    machine.env['https_proxy'] = 'http://127.0.0.1:1';
    assert.match((await refusal('org/open')).hint ?? '', /^Your proxy .* NODE_USE_ENV_PROXY=1/);
    machine.env['NODE_USE_ENV_PROXY'] = '1';
    assert.match((await refusal('org/open')).hint ?? '', /^Set HF_ENDPOINT/);
  });

  for (const [what, env, message, hint] of [
    ['an endpoint that is none', { HF_ENDPOINT: 'mirror' }, /no web address: mirror$/, /https:/],
    ['an endpoint of files', { HF_ENDPOINT: 'file:///x' }, /no web address/, /https:/],
    [
      'an endpoint with a password',
      { HF_ENDPOINT: 'http://me:sesame@127.0.0.1:1' },
      /carries a user name or a password\.$/,
      /HF_TOKEN/,
    ],
    ['a token with a sign that none has', { HF_TOKEN: 'sesame\u{1}' }, /token .* has/, /HF_TOKEN/],
    ['a token with a letter that none has', { HF_TOKEN: 'sesame€' }, /token .* has/, /HF_TOKEN/],
  ] as const) {
    it(`says so before it asks, without the secret: ${what}`, async () => {
      Object.assign(machine.env, env);
      const before = hub.requests.length;
      const error = await refusal('org/open');
      assert.equal(error.code, 'hub_failed');
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
      assert.doesNotMatch(`${error.message} ${error.hint ?? ''} ${String(error.cause)}`, /sesame/);
      assert.equal(hub.requests.length, before);
    });
  }

  it('asks for nothing when it is offline: what is here is found, the rest is not here', async () => {
    const located = await machine.pull('org/open');
    const before = hub.requests.length;
    for (const offline of ['1', 'true', 'YES', 'on']) {
      machine.env['HF_HUB_OFFLINE'] = offline;
      assert.deepEqual(await machine.pull('org/open'), located);
      assert.equal((await refusal('org/gated')).code, 'model_not_here');
    }
    assert.equal(hub.requests.length, before);
  });

  it('makes no sense of what is no hub', async (t) => {
    const portal = createServer((_, response) => response.end('<html>Please log in</html>'));
    t.after(() => portal.close());
    portal.listen(0, '127.0.0.1');
    await once(portal, 'listening');
    machine.env['HF_ENDPOINT'] = `${urlOf(portal)}/`;
    const error = await refusal('org/open');
    assert.equal(error.code, 'hub_failed');
    assert.match(error.hint ?? '', /HF_ENDPOINT/);
  });

  it('lets no hub write outside the cache', async (t) => {
    const sha = 'a'.repeat(40);
    let path = '';
    const evil = createServer(({ url = '' }, response) => {
      const tree = [{ type: 'file', path, size: 1, oid: sha }];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(url.includes('/tree/') ? tree : { sha, lastModified: 0 }));
    });
    t.after(() => evil.close());
    evil.listen(0, '127.0.0.1');
    await once(evil, 'listening');
    machine.env['HF_ENDPOINT'] = urlOf(evil);
    const paths = ['../../../x.gguf', '/x.gguf', 'a/../../x.gguf', 'a\\..\\x.gguf', 'a\0.gguf'];
    for (path of [...paths, './x.gguf', 'a//x.gguf', '']) {
      const error = await refusal('org/open');
      assert.equal(error.code, 'hub_failed');
      assert.match(error.message, /a file that cannot be/, path);
    }
  });
});
