import { z } from 'zod';

/** What a secret that lies encrypted in the database begins with (docs/secrets.md). */
export const SEALED_PREFIX = 'sealed:1:';

/**
 * A password, community or key in a body. As written: text sets it, `''` removes it, null or nothing leaves it as it was. As read through the API: always
 * null (`maskSecrets`). As stored: the text, or null for none.
 */
export const secretText = (maxLength = 4_096) =>
  z
    .string()
    .max(maxLength)
    // It would be taken for an encrypted one.
    .refine((text) => !text.startsWith(SEALED_PREFIX), `a text that does not begin with ${SEALED_PREFIX}`)
    .meta({ writeOnly: true })
    .nullable()
    .default(null);

/** Where a schema has secrets: by key, `*` for each element of a list or record. */
export interface SecretTree {
  readonly [key: string]: SecretTree | true;
}
type Found = SecretTree | true | null;

/** Of all alternatives of the schema together: what is a secret in one of them is none to be shown in another. */
export function secretsOf(schema: z.core.$ZodType): SecretTree {
  const found = treeOf(schema, []);
  return found === null || found === true ? {} : found;
}

function treeOf(schema: z.core.$ZodType, within: readonly z.core.$ZodType[]): Found {
  const marks = z.globalRegistry.get(schema);
  if (marks?.['writeOnly'] === true || marks?.['secret'] === true) return true;
  // A schema within itself: what it has is known from its outermost place only.
  if (within.includes(schema)) return null;
  const inner = (each: z.core.$ZodType) => treeOf(each, [...within, schema]);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape).reduce<Found>((all, [key, each]) => under(all, key, inner(each)), null);
    case 'array':
      return under(null, '*', inner(def.element));
    case 'record':
      return under(null, '*', inner(def.valueType));
    case 'union':
      return def.options.reduce<Found>((all, each) => both(all, inner(each)), null);
    case 'intersection':
      return both(inner(def.left), inner(def.right));
    case 'pipe':
      return both(inner(def.in), inner(def.out));
    case 'lazy':
      return inner(def.getter());
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'catch':
    case 'readonly':
      return inner(def.innerType);
    default:
      return null;
  }
}

const under = (all: Found, key: string, found: Found): Found => (found === null ? all : both(all, { [key]: found }));

function both(a: Found, b: Found): Found {
  if (a === null || b === null) return a ?? b;
  if (a === true || b === true) return true;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...keys].map((key) => [key, both(a[key] ?? null, b[key] ?? null)!]));
}

/** Without the secrets: null in their places. @returns also the places of those that are set, such as `snmp.community`. */
export function maskSecrets(tree: SecretTree, body: unknown): { readonly body: unknown; readonly hasSecret: readonly string[] } {
  const hasSecret: string[] = [];
  const masked = mapSecrets(tree, body, undefined, '', (secret, _, place) => {
    if (typeof secret === 'string' && secret !== '') hasSecret.push(place);
    return null;
  });
  return { body: masked, hasSecret };
}

/** As it is to be stored: secrets that were not said are those of before, where the same part was there. */
export const keepSecrets = <Body>(tree: SecretTree, body: Body, before: unknown): Body =>
  mapSecrets(tree, body, before, '', (secret, was) =>
    secret === '' ? null : (secret ?? (typeof was === 'string' ? was : null)),
  ) as Body;

/** Each secret that is there by another text. @param place as `maskSecrets` tells them; null: there is none any more. */
export const changeSecrets = <Body>(
  tree: SecretTree,
  body: Body,
  change: (secret: string, place: string) => string | null,
): Body =>
  mapSecrets(tree, body, undefined, '', (secret, _, place) =>
    typeof secret === 'string' && secret !== '' ? change(secret, place) : secret,
  ) as Body;

/** Some secret was not said: what was there before decides. */
export function leavesSecrets(tree: SecretTree, body: unknown): boolean {
  let leaves = false;
  mapSecrets(tree, body, undefined, '', (secret) => {
    leaves ||= secret === null || secret === undefined;
    return secret;
  });
  return leaves;
}

/** @param place as `maskSecrets` tells them. */
export function isSecretPlace(tree: SecretTree, place: readonly PropertyKey[]): boolean {
  let at: SecretTree | true | undefined = tree;
  for (const key of place) {
    if (at === undefined || at === true) break;
    at = at[String(key)] ?? at['*'];
  }
  return at === true;
}

type Change = (secret: unknown, before: unknown, place: string) => unknown;

function mapSecrets(tree: SecretTree | true, value: unknown, before: unknown, place: string, change: Change): unknown {
  if (tree === true) return change(value, before, place);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const each = tree['*'];
    if (each === undefined) return value;
    return value.map((element, at) => mapSecrets(each, element, partnerOf(element, at, before), joined(place, at), change));
  }
  const was = before !== null && typeof before === 'object' ? (before as Record<string, unknown>) : {};
  const result: Record<string, unknown> = { ...value };
  for (const key of Object.keys(tree['*'] === undefined ? tree : result)) {
    const inner = tree[key] ?? tree['*'];
    // What is not there at all is of another form of the body: where it belongs, its usual value stands for it.
    if (inner === undefined || result[key] === undefined) continue;
    result[key] = mapSecrets(inner, result[key], was[key], joined(place, key), change);
  }
  return result;
}

const joined = (place: string, key: string | number) => (place === '' ? String(key) : `${place}.${key}`);

/** The element of before that is called the same; of those without a name, the one in the same place. */
function partnerOf(element: unknown, at: number, before: unknown): unknown {
  if (!Array.isArray(before)) return undefined;
  for (const key of ['id', 'name'] as const) {
    const called = (element as Record<string, unknown> | null)?.[key];
    if (called !== undefined) return before.find((each) => (each as Record<string, unknown> | null)?.[key] === called);
  }
  return before[at];
}
