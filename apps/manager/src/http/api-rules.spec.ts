import 'reflect-metadata';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PROBLEM_TYPE } from '@yosugara/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bareApp } from './bare-app.js';
import { ERROR_CODES } from './error-codes.js';
import { type ApiDocument, type ApiOperation, type JsonSchema, openApiDocument } from './openapi.js';
import { routesOf } from './route-table.js';

/** What every route of the API keeps to, as its OpenAPI document tells it. */
let app: NestFastifyApplication;
let document: ApiDocument;
let routes: readonly {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}[];

beforeAll(async () => {
  app = await bareApp();
  document = openApiDocument(app);
  routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation })),
  );
});
afterAll(async () => await app?.close());

const named = (is: (route: (typeof routes)[number]) => boolean) => routes.filter(is).map(({ name }) => name);
const isV1 = (path: string) => path.startsWith('/api/v1/');
const parameter = ({ parameters = [] }: ApiOperation, name: string) =>
  parameters.find((each) => each.name.toLowerCase() === name);
const good = ({ responses }: ApiOperation) => responses['200'] ?? responses['201'] ?? responses['202'];
function answerOf(operation: ApiOperation): JsonSchema | null {
  const schema = good(operation)?.content?.['application/json']?.schema ?? null;
  const name = schema?.['$ref']?.split('/').at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? null);
}
const isChange = ({ method, path }: { readonly method: string; readonly path: string }) =>
  isV1(path) && ['put', 'patch', 'delete'].includes(method);

describe('the document', () => {
  it('has each route that NestJS has, and no other', () => {
    const known = routesOf(app).map(({ method, path }) => `${method} ${path}`);
    expect(named(() => true).sort()).toEqual([...known].sort());
    expect(known.length).toBeGreaterThan(80);
  });
  it('says of each what it needs, what it answers, and names it once', () => {
    expect(named(({ operation }) => operation['x-needs'] === undefined || operation.security === undefined)).toEqual([]);
    expect(named(({ operation }) => good(operation)?.content === undefined)).toEqual([]);
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
  it('knows each part of each address', () => {
    const parts = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!.toLowerCase());
    expect(
      named(({ path, operation }) => parts(path).some((name) => parameter(operation, name)?.in !== 'path') && isV1(path)),
    ).toEqual([]);
  });
  it('has a schema for each body and each JSON answer', () => {
    const bodied = ['post', 'put', 'patch'];
    expect(
      named(({ operation }) => {
        const { requestBody } = operation;
        return requestBody !== undefined && requestBody.content?.['application/json']?.schema === undefined;
      }),
    ).toEqual([]);
    expect(named(({ method, operation }) => bodied.includes(method) && answerOf(operation) === null)).toEqual([]);
  });
});

describe('refusals', () => {
  it('are application/problem+json, each with its codes', () => {
    expect(
      named(({ operation }) =>
        Object.entries(operation.responses).some(
          ([status, { content }]) => !status.startsWith('2') && content?.[PROBLEM_TYPE] === undefined,
        ),
      ),
    ).toEqual([]);
    // Nobody is asked who they are, and nothing is read that could fail.
    const never = ['get /api/v1/login/ways'];
    expect(named(({ path, operation }) => isV1(path) && (operation['x-codes'] ?? []).length === 0)).toEqual(never);
  });
  it('have codes that are written down with the status that they come with', () => {
    const src = join(import.meta.dirname, '..');
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!spec|\.d)\.ts$/.test(file));
    const thrown = files.flatMap((file) =>
      [...readFileSync(join(src, file), 'utf8').matchAll(/new ApiRefusal\(\s*(\d{3}),\s*'([A-Z_]+)'/g)].map(
        ([, status, code]) => ({ file, code: code!, status: Number(status) }),
      ),
    );
    expect(thrown.length).toBeGreaterThan(40);
    const known: Readonly<Record<string, readonly [number, string]>> = ERROR_CODES;
    expect(thrown.filter(({ code, status }) => known[code]?.[0] !== status)).toEqual([]);
  });
});

describe('lists', () => {
  it('have a cursor and a bound, or say why they need none', () => {
    const isList = (operation: ApiOperation) =>
      Object.values<JsonSchema>(answerOf(operation)?.['properties'] ?? {}).some(({ type, items }) => type === 'array' && items);
    const unbounded = named(({ method, path, operation }) => {
      if (method !== 'get' || !isV1(path) || path.includes('{id}') || !isList(operation)) return false;
      const limit = parameter(operation, 'limit')?.schema;
      const isPaged = limit?.['maximum'] !== undefined && parameter(operation, 'after') !== undefined;
      return !isPaged && operation['x-bounded'] === undefined;
    });
    expect(unbounded.filter((name) => !ONE_THING.has(name))).toEqual([]);
  });
  it('that have a cursor tell the next one', () => {
    const paged = routes.filter(({ operation }) => parameter(operation, 'after')?.in === 'query');
    expect(paged.length).toBeGreaterThan(6);
    expect(
      paged.filter(({ operation }) => answerOf(operation)?.['properties']?.next === undefined).map(({ name }) => name),
    ).toEqual([]);
  });
});
/** Arrays that are parts of one thing. */
const ONE_THING = new Set([
  ...['get /api/v1/self', 'get /api/v1/overview', 'get /api/v1/events/{number}', 'get /api/v1/mibs/{name}'],
  ...[
    'get /api/v1/facilities/resolve',
    'get /api/v1/mibs/lookup',
    'get /api/v1/events/counts',
    'get /api/v1/settings/{kind}/{id}',
  ],
]);

describe('changes', () => {
  it('of something that has revisions take If-Match, or say why the last one wins', () => {
    const blind = named(
      (route) =>
        isChange(route) && parameter(route.operation, 'if-match') === undefined && route.operation['x-last-wins'] === undefined,
    );
    expect(blind).toEqual([]);
  });
  it('are compared with an ETag that reading it gives', () => {
    const matched = routes.filter((route) => isChange(route) && parameter(route.operation, 'if-match') !== undefined);
    expect(matched.length).toBeGreaterThan(3);
    const untagged = matched.filter(
      ({ path }) => good(document.paths[path]?.['get'] ?? NO_OPERATION)?.headers?.['ETag'] === undefined,
    );
    expect(untagged.map(({ name }) => name)).toEqual([]);
  });
  it('by PUT can say that it must be new', () => {
    expect(
      named(
        ({ method, path, operation }) => method === 'put' && isV1(path) && parameter(operation, 'if-none-match') === undefined,
      ),
    ).toEqual([]);
  });
  it('by POST are commands that take an Idempotency-Key, or say why they may be sent twice', () => {
    expect(
      named(({ method, path, operation }) => method === 'post' && isV1(path) && operation['x-repeat'] === undefined),
    ).toEqual([]);
    const keyed = named(({ operation }) => operation['x-repeat'] === 'key');
    expect(keyed).toEqual(named(({ operation }) => parameter(operation, 'idempotency-key') !== undefined));
    for (const must of [
      'post /api/v1/events/changes',
      'post /api/v1/job-units/{id}/sessions',
      'post /api/v1/job-sessions/{id}/operations',
    ])
      expect(keyed).toContain(must);
  });
});
const NO_OPERATION: ApiOperation = { operationId: '', tags: [], responses: {} };

it('streams can be gone on with where they were, except that of the console’s strip', () => {
  const streams = routes.filter(({ operation }) => good(operation)?.content?.['text/event-stream'] !== undefined);
  expect(streams.filter(({ operation }) => parameter(operation, 'last-event-id') === undefined).map(({ name }) => name)).toEqual([
    'get /api/v1/stream',
  ]);
});
