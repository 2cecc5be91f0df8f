import type { Field, Member } from './schema-model.js';

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value without what nobody may read again: null in the place of each secret, which leaves the one that the manager keeps. */
export function withoutSecrets(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case 'text':
      return field.isSecret ? null : value;
    case 'list':
      return Array.isArray(value) ? value.map((each) => withoutSecrets(field.item, each)) : value;
    case 'map':
      return isPlain(value)
        ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutSecrets(field.item, each)]))
        : value;
    case 'fields':
      return membersWithout(field.members, value);
    case 'variants':
      return isPlain(value)
        ? membersWithout(field.variants.find((variant) => variant.value === value[field.tag])?.members ?? [], value)
        : value;
    default:
      return value;
  }
}

function membersWithout(members: readonly Member[], value: unknown): unknown {
  if (!isPlain(value)) return value;
  const changed = members
    .filter(({ name }) => value[name] !== undefined)
    .map(({ name, field }) => [name, withoutSecrets(field, value[name])] as const);
  return { ...value, ...Object.fromEntries(changed) };
}
