/** What the manager says of a kind of settings (JSON Schema 2020-12, as zod writes it). */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly writeOnly?: boolean;
  readonly description?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** How a value is entered. */
export type Field =
  | { readonly kind: 'fixed'; readonly value: unknown }
  | { readonly kind: 'text'; readonly isSecret: boolean; readonly isLong: boolean; readonly maxLength: number | null }
  | { readonly kind: 'number'; readonly isWhole: boolean; readonly min: number | null; readonly max: number | null }
  | { readonly kind: 'truth' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'words'; readonly choices: readonly string[]; readonly areNumbers: boolean }
  | { readonly kind: 'range' }
  | { readonly kind: 'list'; readonly item: Field }
  | { readonly kind: 'record' }
  /** Of the same form each, under names that somebody gives. */
  | { readonly kind: 'map'; readonly item: Field }
  | { readonly kind: 'fields'; readonly members: readonly Member[] }
  | { readonly kind: 'variants'; readonly tag: string; readonly variants: readonly Variant[] }
  /** A form that no field above can take: as JSON. */
  | { readonly kind: 'json' };

export interface Member {
  readonly name: string;
  readonly field: Field;
  readonly isRequired: boolean;
  /** null may stand in its place. */
  readonly isNullable: boolean;
  /** undefined: it has none. */
  readonly usual: unknown;
  readonly description: string;
}
export interface Variant {
  readonly value: string;
  readonly members: readonly Member[];
}

/** Beyond so many characters a text has several lines. */
const LONG_TEXT = 2_100;
/** Schemas within each other; a form of more would be none. */
const MAX_DEPTH = 12;

interface Told {
  readonly schema: JsonSchema;
  readonly isNullable: boolean;
}

function resolved(schema: JsonSchema, root: JsonSchema, depth = 0): JsonSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  if (name !== undefined && depth < MAX_DEPTH) {
    const { $ref: _, ...own } = schema;
    return { ...resolved(root.$defs?.[name] ?? {}, root, depth + 1), ...own };
  }
  if (schema.allOf?.length === 1) {
    const { allOf, ...own } = schema;
    return { ...resolved(allOf[0]!, root, depth + 1), ...own };
  }
  return schema;
}

/** Without `or null`. */
function withoutNull(given: JsonSchema, root: JsonSchema): Told {
  const schema = resolved(given, root);
  if (Array.isArray(schema.type)) {
    const types = (schema.type as readonly string[]).filter((type) => type !== 'null');
    const { type: _, ...own } = schema;
    if (types.length === 1) return { schema: { ...own, type: types[0]! }, isNullable: types.length < schema.type.length };
    return { schema: own, isNullable: types.length < schema.type.length };
  }
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms === undefined) return { schema, isNullable: schema.type === 'null' };
  const others = forms.filter((form) => form.type !== 'null');
  if (others.length === forms.length) return { schema, isNullable: false };
  const { anyOf: _, oneOf: __, ...own } = schema;
  if (others.length === 1) return { schema: { ...resolved(others[0]!, root), ...own }, isNullable: true };
  return { schema: { ...own, anyOf: others }, isNullable: true };
}

const isNumeric = (schema: JsonSchema) => schema.type === 'number' || schema.type === 'integer';

/** @param schema of the whole: references are looked up in it. */
export function fieldOf(schema: JsonSchema, root: JsonSchema = schema, depth = 0): Field {
  const { schema: told } = withoutNull(schema, root);
  if (depth > MAX_DEPTH) return { kind: 'json' };
  if (told.const !== undefined) return { kind: 'fixed', value: told.const };
  if (told.type === 'null') return { kind: 'fixed', value: null };
  if (told.enum?.every((value) => typeof value === 'string') === true)
    return { kind: 'choice', values: told.enum as readonly string[] };
  const forms = (told.oneOf ?? told.anyOf)?.map((form) => resolved(form, root));
  if (forms !== undefined) return alternativesOf(forms, told, root, depth);
  switch (told.type) {
    case 'string':
      return {
        kind: 'text',
        isSecret: told.writeOnly === true,
        isLong: (told.maxLength ?? 0) > LONG_TEXT,
        maxLength: told.maxLength ?? null,
      };
    case 'boolean':
      return { kind: 'truth' };
    case 'number':
    case 'integer':
      return { kind: 'number', isWhole: told.type === 'integer', min: told.minimum ?? null, max: told.maximum ?? null };
    case 'array':
      return listOf(told, root, depth);
    case 'object':
      return objectOf(told, root, depth);
    default:
      return { kind: 'json' };
  }
}

function alternativesOf(forms: readonly JsonSchema[], told: JsonSchema, root: JsonSchema, depth: number): Field {
  const tag = tagOf(forms);
  if (tag !== null)
    return {
      kind: 'variants',
      tag,
      variants: forms.map((form) => ({
        value: String(form.properties?.[tag]?.const),
        members: membersOf(form, root, depth).filter(({ name }) => name !== tag),
      })),
    };
  // Several forms of one text, such as two kinds of addresses.
  if (forms.every((form) => form.type === 'string' && form.enum === undefined && form.const === undefined))
    return {
      kind: 'text',
      isSecret: forms.some((form) => form.writeOnly === true) || told.writeOnly === true,
      isLong: false,
      maxLength: null,
    };
  return { kind: 'json' };
}

/** The property by which alternatives are told apart: a constant in each. */
function tagOf(forms: readonly JsonSchema[]): string | null {
  const [first] = forms;
  if (first?.properties === undefined) return null;
  for (const name of Object.keys(first.properties))
    if (forms.every((form) => typeof form.properties?.[name]?.const === 'string')) return name;
  return null;
}

function listOf(told: JsonSchema, root: JsonSchema, depth: number): Field {
  if (told.prefixItems?.length === 2 && told.prefixItems.every((item) => isNumeric(withoutNull(item, root).schema)))
    return { kind: 'range' };
  if (typeof told.items !== 'object') return { kind: 'json' };
  const item = fieldOf(told.items, root, depth + 1);
  if (item.kind === 'text' && !item.isSecret) return { kind: 'words', choices: [], areNumbers: false };
  if (item.kind === 'choice') return { kind: 'words', choices: item.values, areNumbers: false };
  if (item.kind === 'number') return { kind: 'words', choices: [], areNumbers: true };
  return { kind: 'list', item };
}

function objectOf(told: JsonSchema, root: JsonSchema, depth: number): Field {
  if (told.properties !== undefined) return { kind: 'fields', members: membersOf(told, root, depth) };
  if (typeof told.additionalProperties !== 'object') return { kind: 'json' };
  if (withoutNull(told.additionalProperties, root).schema.type === 'string') return { kind: 'record' };
  const item = fieldOf(told.additionalProperties, root, depth + 1);
  return item.kind === 'fields' || item.kind === 'variants' ? { kind: 'map', item } : { kind: 'json' };
}

function membersOf(told: JsonSchema, root: JsonSchema, depth: number): readonly Member[] {
  return Object.entries(told.properties ?? {}).map(([name, schema]) => {
    const { isNullable, schema: inner } = withoutNull(schema, root);
    return {
      ...{ name, isNullable, field: fieldOf(schema, root, depth + 1) },
      isRequired: told.required?.includes(name) === true,
      usual: schema.default ?? inner.default,
      description: schema.description ?? '',
    };
  });
}

/** What stands in a new form. */
export function initialOf(field: Field): unknown {
  switch (field.kind) {
    case 'fixed':
      return field.value;
    case 'text':
      return '';
    case 'number':
      return undefined;
    case 'truth':
      return false;
    case 'choice':
      return field.values[0];
    case 'words':
    case 'list':
      return [];
    case 'range':
      return [null, null];
    case 'record':
    case 'map':
      return {};
    case 'fields':
      return initialMembers(field.members);
    case 'variants':
      return field.variants[0] === undefined
        ? {}
        : { [field.tag]: field.variants[0].value, ...initialMembers(field.variants[0].members) };
    case 'json':
      return undefined;
  }
}

function initialMembers(members: readonly Member[]): Record<string, unknown> {
  return Object.fromEntries(
    members.map((member) => [member.name, initialOfMember(member)] as const).filter(([, value]) => value !== undefined),
  );
}

export function initialOfMember({ field, usual, isRequired }: Member): unknown {
  // A usual `{}` stands for the usual values of what is within.
  if (usual !== undefined)
    return isPlain(usual) && field.kind === 'fields' ? { ...initialMembers(field.members), ...usual } : usual;
  return isRequired ? initialOf(field) : undefined;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of another type: what both have in common stays as it was filled in. */
export function asVariant(field: Extract<Field, { kind: 'variants' }>, value: string, before: unknown): Record<string, unknown> {
  const after = field.variants.find((variant) => variant.value === value);
  const was = isPlain(before) ? before : {};
  const old = field.variants.find((variant) => variant.value === was[field.tag]);
  const members = (after?.members ?? []).map((member) => {
    const same = old?.members.find(({ name }) => name === member.name);
    const isKept =
      same !== undefined && was[member.name] !== undefined && JSON.stringify(same.field) === JSON.stringify(member.field);
    return [member.name, isKept ? was[member.name] : initialOfMember(member)] as const;
  });
  return { [field.tag]: value, ...Object.fromEntries(members.filter(([, each]) => each !== undefined)) };
}

/** What the manager says is wrong at a place, or, of a field that takes a whole list, at one of its elements. */
export function problemsAt(
  problems: readonly { readonly place: string; readonly found?: string; readonly allowed: string }[],
  place: string,
  isWhole = false,
): readonly string[] {
  return problems.flatMap((problem) => {
    const at = problem.place.replace(/^body\./, '');
    if (at === place) return [problem.allowed];
    return isWhole && at.startsWith(`${place}.`) ? [`${problem.found ?? ''}: ${problem.allowed}`] : [];
  });
}
