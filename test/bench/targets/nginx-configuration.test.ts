import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toNginxConfiguration } from '../../../bench/targets/nginx/configuration.ts';
import { toNginxVersion } from '../../../bench/targets/nginx/find-nginx.ts';

describe("nginx's configuration", () => {
  const text = toNginxConfiguration({
    port: 8123,
    engineUrl: 'http://127.0.0.1:9876',
    directory: '/tmp/some where',
  });
  const lines = text.split('\n').map((line) => line.trim());

  it('holds nothing back and keeps connections to the engine', () => {
    for (const line of [
      'proxy_buffering off;',
      'proxy_http_version 1.1;',
      'proxy_set_header Connection "";',
      'keepalive 256;',
      'server 127.0.0.1:9876;',
    ])
      assert.ok(lines.includes(line), line);
  });

  it('is one process that answers on loopback only, and ends with whoever started it', () => {
    assert.deepEqual(
      lines.filter((line) => line.startsWith('listen ')),
      ['listen 127.0.0.1:8123;'],
    );
    assert.ok(lines.includes('worker_processes 1;'));
    assert.ok(lines.includes('daemon off;'));
  });

  it('has an access log, and takes a body as ours does', () => {
    assert.ok(lines.includes('access_log "/tmp/some where/access.log";'));
    assert.ok(lines.includes('client_max_body_size 16m;'));
  });

  it('writes below its own directory only', () => {
    const written = lines.filter((line) => /^(pid|error_log|access_log|\w+_temp_path) /.test(line));
    assert.equal(written.length, 8);
    for (const line of written) assert.match(line, / "\/tmp\/some where\//);
  });
});

describe("nginx's version", () => {
  it('is read from what `nginx -v` says', () => {
    assert.equal(toNginxVersion('nginx version: nginx/1.22.1'), '1.22.1');
    assert.equal(toNginxVersion('nginx version: nginx/1.26.3 (Ubuntu)'), '1.26.3');
  });

  it('is none of another program', () => {
    assert.equal(toNginxVersion('sh: 1: nginx: not found'), null);
  });
});
