import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WorkerTokens } from '../../../src/config/worker-config.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { readBearer } from '../../../src/worker/auth/bearer.ts';
import { tellTo } from '../../../src/worker/auth/tell-to.ts';
import { findGrant, opens, toTokenSet } from '../../../src/worker/auth/token-set.ts';
import type { Grant, TokenSet } from '../../../src/worker/auth/token-set.ts';
import { entry } from './tokens-harness.ts';
import type { TokenInput } from './tokens-harness.ts';

const setOf = (...tokens: readonly TokenInput[]): TokenSet =>
  toTokenSet(WorkerTokens.parse({ tokens }), 'tokens.json');

function grantFor(services: readonly string[] | null): Grant {
  return {
    id: 'x',
    services: services === null ? null : new Set(services),
    expiresAtMs: null,
  };
}

describe('a set of tokens', () => {
  it('knows a token by its digest, and nothing else by anything', () => {
    const set = setOf(entry('one'), entry('two', { services: ['m'], expires_at_ms: 5 }));

    assert.equal(findGrant(set, 'one')?.id, 'one');
    assert.deepEqual(findGrant(set, 'two'), {
      id: 'two',
      services: new Set(['m']),
      expiresAtMs: 5,
    });
    for (const token of ['', 'on', 'onee', 'One', entry('one').sha256, '__proto__', 'constructor'])
      assert.equal(findGrant(set, token), null, token);
  });

  it('knows what a shell makes of a token: printf %s "$TOKEN" | sha256sum', () => {
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    assert.equal(findGrant(setOf({ id: 'shell', sha256 }), 'abc')?.id, 'shell');
  });

  it('forgets a token that another set has no more, or gives to somebody else, though it knew its digest', () => {
    assert.equal(findGrant(setOf(entry('moved', { id: 'a' })), 'moved')?.id, 'a');
    assert.equal(findGrant(setOf(entry('other')), 'moved'), null);
    assert.equal(findGrant(setOf(entry('moved', { id: 'b' })), 'moved')?.id, 'b');
  });

  it('knows more tokens than it keeps digests of', () => {
    const names = Array.from({ length: 3_000 }, (_, at) => `token-${at}`);
    const set = setOf(...names.map((name) => entry(name)));
    for (const name of [...names, ...names]) assert.equal(findGrant(set, name)?.id, name);
  });

  it('without any token lets nobody in', () => {
    assert.equal(findGrant(setOf(), ''), null);
  });

  it('refuses to have one token twice', () => {
    assert.throws(
      () => setOf(entry('one', { id: 'a', services: ['m'] }), entry('one', { id: 'b' })),
      (error) => error instanceof LlmOpsError && /"a" and "b"/.test(error.message),
    );
  });

  it('opens the services that a token names, or all of them', () => {
    assert.deepEqual(
      ['m', 'n', null].map((service) => opens(grantFor(['m']), service)),
      [true, false, false],
    );
    assert.deepEqual(
      ['m', 'n', null].map((service) => opens(grantFor(null), service)),
      [true, true, true],
    );
    assert.equal(opens(grantFor([]), 'm'), false);
  });
});

describe('the header Authorization', () => {
  const headers: readonly (readonly [value: string | undefined, token: string | null])[] = [
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc  ', 'abc'],
    ['Bearer\tabc', 'abc'],
    ['Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
    [undefined, null],
    ['', null],
    ['abc', null],
    ['Bearer', null],
    ['Bearer ', null],
    ['Bearerabc', null],
    ['Bearer a b', null],
    ['Bearer a, Bearer b', null],
    ['Basic abc', null],
    [' Bearer abc', null],
    ['Bearer ä', null],
  ];
  for (const [value, token] of headers)
    it(`${JSON.stringify(value)} has ${token === null ? 'no token' : `the token ${token}`}`, () => {
      assert.equal(readBearer(value), token);
    });
});

describe('what an error tells', () => {
  const errors = {
    own: new LlmOpsError('engine_loading', 'm loads', { details: { service: 'm' } }),
    other: new LlmOpsError('worker_unavailable', 'n is down', { details: { service: 'n' } }),
    names: new LlmOpsError('unknown_service', 'm, n', { details: { services: ['m', 'n'] } }),
    addresses: new LlmOpsError('not_found', '…', { details: { services: ['/api/m/', '/api/n/'] } }),
    ownAddress: new LlmOpsError('not_found', '…', { details: { services: ['/api/m/'] } }),
    plain: new LlmOpsError('invalid_request', 'wrong'),
    foreign: new TypeError('x'),
  };
  const told = (grant: Grant | null): readonly string[] =>
    Object.entries(errors)
      .filter(([, error]) => tellTo(grant, error) === error)
      .map(([name]) => name);

  it('is everything to a token for all services, and where none is asked for', () => {
    assert.deepEqual(told(grantFor(null)), Object.keys(errors));
    assert.deepEqual(told(null), Object.keys(errors));
  });

  it('has no service in it that a token does not open, and always the same words instead', () => {
    const grant = grantFor(['m']);
    assert.deepEqual(told(grant), ['own', 'ownAddress', 'plain', 'foreign']);
    const hidden = [errors.other, errors.names, errors.addresses].map((error) => {
      const { code, message, hint, details } = tellTo(grant, error) as LlmOpsError;
      return { code, message, hint, details };
    });
    assert.deepEqual(hidden[1], hidden[0]);
    assert.deepEqual(hidden[2], hidden[0]);
    assert.deepEqual(hidden[0]?.details, {});
  });
});
