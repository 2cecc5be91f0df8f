import type { INestApplication } from '@nestjs/common';
import * as protocol from '@yosugara/protocol';
import type { ApiDocument, ApiOperation } from '../openapi.js';
import { type Route, routesOf } from '../route-table.js';
import { fieldOf, typescriptOf } from './typescript-of.js';

/** Spoken by programs of the cluster and by its tests, or by a browser alone. */
const NO_CLIENT = new Set(['probe', 'health', 'metrics']);
const NO_CLIENT_PATHS = /^\/api\/v1\/(?:pass$|internal\/)/;
const HEAD = `// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.\n`;

interface Emitted {
  readonly text: string;
  readonly schemas: readonly string[];
  readonly helpers: readonly string[];
}

/** A file for each part of the API: whoever uses one part carries no schemas of the others. */
export function clientFiles(app: INestApplication, document: ApiDocument): ReadonlyMap<string, string> {
  const byTag = new Map<string, Emitted[]>();
  for (const route of routesOf(app)) {
    const operation = document.paths[route.path]?.[route.method];
    if (operation === undefined || NO_CLIENT.has(operation.tags[0] ?? '') || NO_CLIENT_PATHS.test(route.path)) continue;
    const tag = operation.tags[0]!;
    byTag.set(tag, [...(byTag.get(tag) ?? []), emitted(operation, route, document)]);
  }
  const parts = [...byTag]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([tag, all]) => [`${tag}.ts`, fileOf(all)] as const);
  const files = [...parts, ['commands.ts', commandsOf(document)] as const];
  const index = ['./call.js', ...files.map(([name]) => `./${name.replace(/ts$/, 'js')}`)].sort();
  return new Map([...files, ['index.ts', `${HEAD}${index.map((from) => `export * from '${from}';\n`).join('')}`]]);
}

/** For whoever sends what somebody else has put together. */
function commandsOf({ paths }: ApiDocument): string {
  const commands = Object.entries(paths).filter(([, methods]) => methods['post']?.['x-repeat'] === 'key');
  const lines = commands.map(([path]) => `  '${path.replaceAll(/\{\w+\}/g, '{}')}',\n`).sort();
  return `${HEAD}/** Where a POST takes an Idempotency-Key; {} = one part of an address. */\nexport const COMMAND_PATHS: readonly string[] = [\n${lines.join('')}];\n`;
}

function fileOf(all: readonly Emitted[]): string {
  const schemas = [...new Set(all.flatMap((each) => each.schemas))].sort(byName);
  const helpers = [...new Set(all.flatMap((each) => each.helpers))].sort(byName);
  const hasTypes = all.some(({ text }) => text.includes('z.input<'));
  const imports = [
    ...(hasTypes ? [`import type { z } from 'zod';`] : []),
    ...(schemas.length === 0 ? [] : [`import { ${schemas.join(', ')} } from '../index.js';`]),
    `import { ${helpers.join(', ')} } from './call.js';`,
  ];
  return `${HEAD}${imports.join('\n')}\n\n${all.map(({ text }) => text).join('\n')}`;
}
const byName = (one: string, other: string) =>
  one.replace('type ', '').toLowerCase() < other.replace('type ', '').toLowerCase() ? -1 : 1;

function emitted(operation: ApiOperation, route: Route, document: ApiDocument): Emitted {
  const { operationId: id, parameters = [], responses } = operation;
  const schemas = document.components.schemas;
  const inPath = parameters.filter((each) => each.in === 'path');
  const inQuery = parameters.filter((each) => each.in === 'query');
  const path = `\`${route.path.replaceAll(/\{(\w+)\}/g, (_, name) => `\${segment(${name})}`)}\``;
  const address = path.includes('${') ? path : path.replaceAll('`', "'");
  const queryType = `${id[0]!.toUpperCase()}${id.slice(1)}Query`;
  const isAsked = inQuery.some(({ required }) => required);
  const content = Object.keys(Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1].content ?? {})[0];
  const isAddress = content !== 'application/json';
  const matching = parameters.some(({ name }) => name.toLowerCase() === 'if-match');
  const isCommand = operation['x-repeat'] === 'key';
  const body = operation.requestBody === undefined ? null : bodyType(route, operation, schemas);
  const answer = isAddress ? null : nameOf(route.answer, `the answer of ${route.method} ${route.path}`);
  const given = [
    ...inPath.map(({ name }) => `${name}: string | number`),
    ...(body === null ? [] : [`body: ${body.type}`]),
    ...(inQuery.length === 0 ? [] : [`query: Query<${queryType}>${isAsked ? '' : ' = {}'}`]),
    ...(matching ? ['matching: Matching'] : []),
  ];
  const parts = [
    ...(inQuery.length === 0 ? [] : ['query']),
    ...(body === null ? [] : ['body']),
    ...(matching ? ['matching'] : []),
    ...(isCommand ? ['isCommand: true'] : []),
  ];
  const rest = parts.length === 0 ? '' : `, { ${parts.join(', ')} }`;
  const made = isAddress
    ? inQuery.length === 0
      ? address
      : `addressOf(${address}, query)`
    : `apiCall('${route.method.toUpperCase()}', ${address}, ${answer}${rest})`;
  const text = [
    ...(inQuery.length === 0
      ? []
      : [
          `export interface ${queryType} { ${inQuery.map(({ name, required, schema }) => fieldOf(name, required === true, typescriptOf(schema, schemas))).join('; ')} }\n`,
        ]),
    `/** ${wordsOf(operation)} */\n`,
    `export const ${id} = (${given.join(', ')}) => ${made};\n`,
  ].join('');
  return {
    text,
    schemas: [
      ...(answer === null || answer === 'ANYTHING' ? [] : [answer]),
      ...(body?.schema === undefined ? [] : [`${answer === body.schema ? '' : 'type '}${body.schema}`]),
    ],
    helpers: [
      ...(isAddress ? (inQuery.length === 0 ? [] : ['addressOf']) : ['apiCall']),
      ...(answer === 'ANYTHING' ? ['ANYTHING'] : []),
      ...(inPath.length === 0 ? [] : ['segment']),
      ...(inQuery.length === 0 ? [] : ['type Query']),
      ...(matching ? ['type Matching'] : []),
      ...(body?.schema === undefined ? [] : ['type Sent']),
    ],
  };
}

function bodyType(route: Route, { requestBody }: ApiOperation, schemas: ApiDocument['components']['schemas']) {
  const schema = EXPORTED.get(route.body);
  return schema === undefined
    ? { type: typescriptOf(requestBody?.content?.['application/json']?.schema, schemas), schema: undefined }
    : { type: `Sent<z.input<typeof ${schema}>>`, schema };
}

const EXPORTED = new Map<unknown, string>(
  Object.entries(protocol).flatMap(([name, value]) => (name.endsWith('Schema') ? [[value, name] as const] : [])),
);
function nameOf(schema: unknown, what: string): string {
  if (schema === undefined) return 'ANYTHING';
  const name = EXPORTED.get(schema);
  if (name === undefined)
    throw new Error(`${what} is a schema that libs/protocol does not export: the console and the CLI could not know it`);
  return name;
}

function wordsOf({ description = '', 'x-needs': needs = 'nobody' }: ApiOperation): string {
  return `${description}${description === '' ? '' : ' '}Needs ${needs}.`.replaceAll('*/', '* /');
}
