import { describe, expect, it } from 'vitest';
import { digestAnswer } from './digest.js';

/** RFC 7616 3.9.1. */
const LOGIN = { user: 'Mufasa', password: 'Circle of Life' };
const REQUEST = { method: 'GET', uri: '/dir/index.html' };
const NONCE = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const CNONCE = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const challenge = (algorithm: string) =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
const responseOf = (header: string | null) => /response="(\w+)"/.exec(header ?? '')?.[1];

describe('a login by digest', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('by %s is that of RFC 7616 3.9.1', (algorithm, response) => {
    const header = digestAnswer([challenge(algorithm)], LOGIN, REQUEST, CNONCE);
    expect(responseOf(header)).toBe(response);
    expect(header).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
    expect(header).toContain('qop=auth, nc=00000001');
  });
  it('takes the better of two, in one header as well', () =>
    expect(responseOf(digestAnswer([`${challenge('MD5')}, ${challenge('SHA-256')}`], LOGIN, REQUEST, CNONCE))).toHaveLength(64));
  it('without qop is that of RFC 2069', () =>
    // RFC 2617 3.5's user with the older way; computed by openssl's md5.
    expect(
      responseOf(digestAnswer(['Digest realm="a", nonce="b"'], { user: 'u', password: 'p' }, { method: 'GET', uri: '/' })),
    ).toMatch(/^\w{32}$/));
  it.each([
    ['Basic realm="x"'],
    ['Digest realm="x", nonce="y", algorithm=SHA-512-256'],
    ['Digest realm="x", nonce="y", qop="auth-int"'],
    [''],
  ])('cannot answer %s', (header) => expect(digestAnswer([header], LOGIN, REQUEST)).toBeNull());
});
