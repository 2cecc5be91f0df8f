// Loaded before the program: what its first page will ask is answered while the program is still being read. `begin` (src/api/client.ts) takes it,
// and asks itself where this came too late. A page that brings its session along has none to ask with yet.
if (location.hash === '') {
  const how = { headers: { accept: 'application/json' }, credentials: 'same-origin', cache: 'no-store' };
  const ask = (path) => fetch(path, { ...how, signal: AbortSignal.timeout(8_000) }).catch(() => null);
  const paths = ['/api/v1/me', ...(location.pathname === '/' ? ['/api/v1/overview'] : [])];
  globalThis.yosugaraBegun = Object.fromEntries(paths.map((path) => [path, ask(path)]));
}
