import type { JsonSchema } from '../openapi.js';

/** The TypeScript type of what a JSON Schema lets in. Where one says nothing that a type can tell, `unknown`. */
export function typescriptOf(schema: JsonSchema | undefined, refs: Readonly<Record<string, JsonSchema>>): string {
  if (schema === undefined) return 'unknown';
  const of = (each: JsonSchema | undefined) => typescriptOf(each, refs);
  const name = schema['$ref']?.split('/').at(-1);
  if (name !== undefined) return of(refs[name]);
  if (schema['const'] !== undefined) return literal(schema['const']);
  if (schema['enum'] !== undefined) return schema['enum'].map(literal).join(' | ');
  const either: readonly JsonSchema[] | undefined = schema['anyOf'] ?? schema['oneOf'];
  if (either !== undefined) return [...new Set(either.map(of))].join(' | ');
  switch (schema['type']) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
    case 'null':
      return schema['type'];
    case 'array':
      return `readonly (${of(schema['items'])})[]`;
    case 'object':
      return objectOf(schema, of);
    default:
      return 'unknown';
  }
}

function objectOf(schema: JsonSchema, of: (each: JsonSchema | undefined) => string): string {
  const required = new Set<string>(schema['required'] ?? []);
  const fields = Object.entries<JsonSchema>(schema['properties'] ?? {}).map(([name, each]) =>
    fieldOf(name, required.has(name), of(each)),
  );
  if (fields.length > 0) return `{ ${fields.join('; ')} }`;
  const others = schema['additionalProperties'];
  return `Readonly<Record<string, ${typeof others === 'object' ? of(others) : 'unknown'}>>`;
}

export const fieldOf = (name: string, isRequired: boolean, type: string): string =>
  `readonly ${/^[a-z_]\w*$/i.test(name) ? name : literal(name)}${isRequired ? '' : '?'}: ${type}${isRequired ? '' : ' | undefined'}`;

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value));
