import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bareApp } from './bare-app.js';
import { type ApiDocument, openApiDocument } from './openapi.js';
import { apiReference } from './testing/api-reference.js';
import { clientFiles } from './testing/client-generator.js';
import { wordsOfRoutes } from './testing/words-of-routes.js';

const ROOT = join(import.meta.dirname, '../../../..');
const CLIENT = 'libs/protocol/src/api';
const WORDS = 'apps/manager/src/http/route-words.ts';
const PAGE = 'docs/api.md';
const [BEGIN, END] = ['<!-- generated: routes -->\n', '<!-- /generated -->'];
const writes = process.env['YOSUGARA_WRITE_DOCS'] === '1';
let app: NestFastifyApplication;
let document: ApiDocument;
const words = wordsOfRoutes();

beforeAll(async () => {
  app = await bareApp();
  document = openApiDocument(app, words);
});
afterAll(async () => await app?.close());

/** As Biome writes it: a file in the project's own folder, where its configuration counts. */
function formatted(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const dir = mkdtempSync(join(ROOT, CLIENT, 'made-'));
  try {
    for (const [name, text] of files) writeFileSync(join(dir, name), text);
    execFileSync(join(ROOT, 'node_modules/.bin/biome'), ['check', '--write', dir], { cwd: ROOT, stdio: 'pipe' });
    return new Map([...files.keys()].map((name) => [name, readFileSync(join(dir, name), 'utf8')]));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
const read = (file: string) => {
  try {
    return readFileSync(join(ROOT, file), 'utf8');
  } catch {
    return null;
  }
};
function expectFresh(file: string, text: string): void {
  if (writes) writeFileSync(join(ROOT, file), text);
  expect(read(file) === text, `${file} is as the API is now (YOSUGARA_WRITE_DOCS=1 writes it)`).toBe(true);
}

describe('what is made from the API (YOSUGARA_WRITE_DOCS=1 writes it)', () => {
  it('the sentences of routes are those of the controllers’ comments', () => {
    const lines = Object.entries(words).map(([id, text]) => `  ${id}: ${JSON.stringify(text)},\n`);
    const [head] = read(WORDS)!.split('export const');
    const made = formatted(
      new Map([
        ['route-words.ts', `${head}export const ROUTE_WORDS: Readonly<Record<string, string>> = {\n${lines.join('')}};\n`],
      ]),
    );
    expectFresh(WORDS, made.get('route-words.ts')!);
  });
  it('the client that the console and the CLI call it by has each route with its parameters, body and answer', () => {
    for (const [name, text] of formatted(clientFiles(app, document))) expectFresh(join(CLIENT, name), text);
  });
  it('the reference has each route and each code', () => {
    const page = read(PAGE) ?? '';
    const [before = '', rest = ''] = page.split(BEGIN);
    const after = rest.split(END)[1] ?? '\n';
    expectFresh(PAGE, `${before}${BEGIN}\n${apiReference(document)}\n${END}${after}`);
  });
});
