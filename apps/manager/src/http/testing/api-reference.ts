import { ERROR_CODES } from '../error-codes.js';
import type { ApiDocument, ApiOperation, ApiParameter, JsonSchema } from '../openapi.js';

/** The tables of docs/api.md: what the OpenAPI document says, for people. */
export function apiReference({ paths, components }: ApiDocument): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(routes.map(({ operation }) => operation.tags[0]!))].sort();
  const parts = tags.map((tag) => {
    const rows = routes
      .filter(({ operation }) => operation.tags[0] === tag)
      .sort((one, other) => (one.path === other.path ? 0 : one.path < other.path ? -1 : 1))
      .map(({ path, method, operation }) => rowOf(method, path, operation, components.schemas));
    return [`### ${tag}`, '', '| route | needs | takes | answers | refuses with |', '|---|---|---|---|---|', ...rows, ''].join(
      '\n',
    );
  });
  return `${parts.join('\n')}\n${codesTable()}`;
}

function rowOf(method: string, path: string, operation: ApiOperation, schemas: Readonly<Record<string, JsonSchema>>): string {
  const { parameters = [], requestBody, responses, description } = operation;
  const asked = parameters.filter((each) => each.in !== 'path' && each.name !== 'accept').map(parameterOf);
  const body = schemaName(requestBody?.content?.['application/json']?.schema, schemas);
  const [status, good] = Object.entries(responses).find(([each]) => each.startsWith('2')) ?? ['', {}];
  const [type, content] = Object.entries(good.content ?? {})[0] ?? ['', {}];
  const answer = type === 'application/json' ? schemaName(content.schema, schemas) : `\`${type}\``;
  const cells = [
    [`\`${method.toUpperCase()} ${path}\``, description ?? ''].filter((text) => text !== '').join('<br>'),
    operation['x-needs'] ?? '',
    [...(body === '' ? [] : [`body ${body}`]), ...asked].join('<br>'),
    `${status === '200' ? '' : `${status} `}${answer}${good.headers?.['ETag'] === undefined ? '' : ', `ETag`'}`,
    (operation['x-codes'] ?? [])
      .filter((code) => !EVERYWHERE.has(code))
      .map((code) => `\`${code}\``)
      .join(' '),
  ];
  return `| ${cells.map(cellOf).join(' | ')} |`;
}
const cellOf = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** What each route may answer that has a login, or changes something: said once, before the tables. */
export const EVERYWHERE: ReadonlySet<string> = new Set([
  ...['NOT_LOGGED_IN', 'PASSWORD_CHANGE_NEEDED', 'FORBIDDEN', 'CSRF_HEADER_MISSING', 'INVALID_INPUT', 'HTTP_413', 'HTTP_415'],
  ...['DATABASE_UNAVAILABLE', 'NOT_ACTIVE', 'STALE_EPOCH', 'COMMIT_UNKNOWN', 'SESSION_NEEDED'],
  ...['COMMAND_UNDER_WAY', 'ANSWER_NOT_KEPT', 'IDEMPOTENCY_KEY_REUSED'],
]);

function parameterOf({ name, in: where, required, schema = {} }: ApiParameter): string {
  if (where === 'header') return `header \`${name}\``;
  const kinds: readonly unknown[] = schema['enum'] ?? [];
  const bound = schema['maximum'] === undefined ? '' : ` ≤ ${schema['maximum']}`;
  const usual = schema['default'] === undefined ? '' : ` (${JSON.stringify(schema['default'])})`;
  const values = kinds.length > 0 && kinds.length <= 4 ? `=${kinds.join(' or ')}` : '';
  return `\`${name}${values}\`${required === true ? ' (must)' : ''}${bound}${usual}`;
}

function schemaName(schema: JsonSchema | undefined, schemas: Readonly<Record<string, JsonSchema>>): string {
  const name = schema?.['$ref']?.split('/').at(-1);
  if (name !== undefined && schemas[name] !== undefined) return `\`${name}\``;
  const fields = Object.keys(schema?.['properties'] ?? {});
  return schema === undefined ? '' : fields.length === 0 ? 'JSON' : `\`{ ${fields.join(', ')} }\``;
}

function codesTable(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, [status, means]]) => `| ${status} | \`${code}\` | ${means.replaceAll('|', '\\|')} |`,
  );
  return ['### codes', '', '| status | code | |', '|---|---|---|', ...rows, ''].join('\n');
}
