import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { programOf } from '../program.js';
import { describe, running } from './describe.js';
import { ROUTES, ROUTES_WITHOUT } from './routes.js';

/** As the generated client has them, which is checked against the API itself. */
function routesOfApi(): readonly string[] {
  const folder = fileURLToPath(new URL('../../../../libs/protocol/src/api/', import.meta.url));
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !/^(call|index|commands)\b/.test(file))
    .map((file) => readFileSync(`${folder}${file}`, 'utf8'));
  const plain = (path: string) => path.replace(/\$\{[^}]*\}/g, '{}');
  return texts.flatMap((text) => [
    ...[...text.matchAll(/apiCall\(\s*'([A-Z]+)',\s*['`]([^'`]+)['`]/g)].map(([, method, path]) => `${method} ${plain(path!)}`),
    ...[...text.matchAll(/addressOf\(\s*['`]([^'`]+)['`]/g)].map(([, path]) => `GET ${plain(path!)}`),
  ]);
}

it('each route of the API has a verb that does it, or a reason why there is none', () => {
  const routes = routesOfApi();
  expect(routes.length).toBeGreaterThan(70);
  expect(routes.filter((route) => ROUTES[route] === undefined && ROUTES_WITHOUT[route] === undefined)).toEqual([]);
});

it('each of these verbs is there', () => {
  const terminal = { out: () => undefined, note: () => undefined, color: false, live: false, columns: 100 };
  const tree = describe(programOf({ terminal, env: {}, cwd: '/', stop: new AbortController().signal }).program);
  const verbs = running(tree).map(({ path }) => path.join(' '));
  expect([...new Set(Object.values(ROUTES))].filter((verb) => !verbs.includes(verb))).toEqual([]);
});
