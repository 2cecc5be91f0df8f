import { describe, expect, it } from 'vitest';
import { CookieJar } from './cookies.js';

const at = (url: string, ...setCookie: readonly string[]) => {
  const jar = new CookieJar();
  jar.take(new URL(url), setCookie, 1_000);
  return (other: string) => jar.headerFor(new URL(other));
};

describe('a cookie (RFC 6265)', () => {
  it('goes back to the host that gave it, and to no other', () => {
    const jar = at('http://a.example/x/y', 'id=1');
    expect(jar('http://a.example/x/z')).toBe('id=1');
    expect(jar('http://b.a.example/x/z')).toBe('');
    expect(jar('http://a.example/other')).toBe('');
  });
  it('of a domain goes to its hosts', () => {
    const jar = at('http://www.a.example/', 'id=1; Domain=.a.example; Path=/');
    expect(jar('http://other.a.example/x')).toBe('id=1');
    expect(jar('http://evil-a.example/x')).toBe('');
  });
  it.each(['id=1; Domain=example', 'id=1; Domain=b.example', '=1', 'id', `id=${'x'.repeat(5_000)}`])(
    '%.30s is not taken',
    (line) => expect(at('http://a.example/', line)('http://a.example/')).toBe(''),
  );
  it('that is secure goes by TLS only', () => {
    const jar = at('https://a.example/', 'id=1; Secure');
    expect([jar('http://a.example/'), jar('https://a.example/')]).toEqual(['', 'id=1']);
  });
  it.each(['id=; Max-Age=0', 'id=; Expires=Thu, 01 Jan 1970 00:00:00 GMT'])('is taken away by %s', (line) =>
    expect(at('http://a.example/', 'id=1', line)('http://a.example/')).toBe(''),
  );
  it('of a longer path comes first', () =>
    expect(at('http://a.example/x/y', 'a=1; Path=/', 'b=2; Path=/x')('http://a.example/x/y')).toBe('b=2; a=1'));
  it('there are not more than a hundred', () => {
    const jar = at('http://a.example/', ...Array.from({ length: 150 }, (_, n) => `c${n}=1`));
    expect(jar('http://a.example/').split('; ')).toHaveLength(100);
  });
});
