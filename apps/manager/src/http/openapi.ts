import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { PROBLEM_TYPE } from '@yosugara/protocol';
import { cookieNameOf } from '../auth/session-cookie.js';
import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { type Route, routesOf } from './route-table.js';
import { ROUTE_WORDS } from './route-words.js';

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: JsonSchema;
}
// biome-ignore lint/suspicious/noExplicitAny: a JSON Schema is whatever it says it is.
export type JsonSchema = Readonly<Record<string, any>>;
export interface ApiContent {
  readonly description?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}
export interface ApiOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: ApiContent;
  readonly responses: Readonly<Record<string, ApiContent>>;
  readonly security?: readonly object[];
  readonly 'x-needs'?: string;
  /** `key`: it takes an Idempotency-Key; else why it needs none. */
  readonly 'x-repeat'?: string;
  readonly 'x-codes'?: readonly ErrorCode[];
  readonly 'x-refuses'?: readonly ErrorCode[];
  readonly 'x-bounded'?: string;
  readonly 'x-last-wins'?: string;
}
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** Made from the routes and the schemas of their parameters, bodies and answers; what all routes of a kind have in common is added here. */
export function openApiDocument(app: INestApplication, words: Readonly<Record<string, string>> = ROUTE_WORDS): ApiDocument {
  const config = new DocumentBuilder()
    .setTitle('Yosugara manager')
    .setDescription('Requests of a session that change something carry the header `x-yosugara: 1`. How it is used: docs/api.md.')
    .setVersion('0.1.0')
    .addCookieAuth(cookieNameOf(true))
    .addBearerAuth()
    .build();
  const operationIdFactory = (controller: string, method: string) => operationId(controller, method);
  const made = SwaggerModule.createDocument(app, config, { operationIdFactory }) as unknown as ApiDocument;
  const routes = new Map(routesOf(app).map((route) => [`${route.method} ${route.path}`, route]));
  const paths = Object.entries(made.paths).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => [
        method,
        completed(described(operation, words), routes.get(`${method} ${path}`)),
      ]),
    ),
  ]);
  return { ...made, paths: Object.fromEntries(paths) };
}

/** `JobSessionsController.operate` → `jobSessionsOperate`. */
export function operationId(controller: string, method: string): string {
  const part = controller.replace(/Controller$/, '');
  return `${part[0]!.toLowerCase()}${part.slice(1)}${method[0]!.toUpperCase()}${method.slice(1)}`;
}

function described(operation: ApiOperation, words: Readonly<Record<string, string>>): ApiOperation {
  const description = words[operation.operationId];
  return description === undefined ? operation : { ...operation, description };
}

function completed(operation: ApiOperation, route: Route | undefined): ApiOperation {
  if (route === undefined) return operation;
  const { default: _, ...good } = operation.responses;
  const codes = codesOf(operation, route);
  const { 'x-refuses': __, ...rest } = operation;
  const isSession = route.need?.kind === 'session';
  return {
    ...rest,
    security: route.isPublic ? [] : isSession ? [{ cookie: [] }] : [{ cookie: [] }, { bearer: [] }],
    responses: { ...good, ...problems(codes) },
    'x-codes': codes,
  };
}

function codesOf(operation: ApiOperation, route: Route): readonly ErrorCode[] {
  const { parameters = [], requestBody } = operation;
  const has = (where: ApiParameter['in'], name?: string) =>
    parameters.some((each) => each.in === where && (name === undefined || each.name.toLowerCase() === name));
  const changes = route.method !== 'get';
  const isCommand = operation['x-repeat'] === 'key';
  const mode: readonly ErrorCode[] =
    route.need?.kind === 'session' ? ['SESSION_NEEDED'] : route.need?.kind === 'login' ? [] : ['FORBIDDEN'];
  const sets: readonly (readonly [boolean, readonly ErrorCode[]])[] = [
    [has('query') || has('header', 'if-match') || requestBody !== undefined, ['INVALID_INPUT']],
    [isCommand, ['INVALID_INPUT', 'COMMAND_UNDER_WAY', 'ANSWER_NOT_KEPT', 'IDEMPOTENCY_KEY_REUSED']],
    [requestBody !== undefined, ['HTTP_413', 'HTTP_415']],
    [!route.isPublic, ['NOT_LOGGED_IN', 'PASSWORD_CHANGE_NEEDED', ...mode]],
    [changes, ['CSRF_HEADER_MISSING']],
    [has('path'), ['NOT_FOUND']],
    [has('header', 'if-match'), ['REVISION_MISMATCH', 'PRECONDITION_REQUIRED']],
    [route.isThrottled, ['TOO_MANY_REQUESTS']],
    [route.needsActive, ['NOT_ACTIVE', 'STALE_EPOCH']],
    [route.needsActive && changes, ['COMMIT_UNKNOWN']],
    [!route.isPublic || route.needsActive, ['DATABASE_UNAVAILABLE']],
    [true, operation['x-refuses'] ?? []],
  ];
  const all = new Set(sets.flatMap(([is, codes]) => (is ? codes : [])));
  return (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => all.has(code));
}

function problems(codes: readonly ErrorCode[]): Readonly<Record<string, ApiContent>> {
  const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  const statuses = [...new Set(codes.map((code) => ERROR_CODES[code][0]))];
  const told = statuses.map((status) => {
    const of = codes.filter((code) => ERROR_CODES[code][0] === status);
    const description = of.map((code) => `\`${code}\`: ${ERROR_CODES[code][1]}`).join('\n\n');
    return [String(status), { description, content }];
  });
  return { ...Object.fromEntries(told), default: { description: 'Refused or failed', content } };
}
