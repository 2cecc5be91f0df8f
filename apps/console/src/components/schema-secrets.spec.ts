import { expect, it } from 'vitest';
import type { Field } from './schema-model.js';
import { withoutSecrets } from './schema-secrets.js';

const text = (isSecret: boolean): Field => ({ kind: 'text', isSecret, isLong: false, maxLength: null });
const member = (name: string, field: Field) => ({
  ...{ name, field, isRequired: true, isNullable: true, usual: undefined, description: '' },
});
const account: Field = { kind: 'fields', members: [member('user', text(false)), member('password', text(true))] };

it('what is kept of a form has no secret, wherever it lies', () => {
  const field: Field = {
    ...{ kind: 'variants', tag: 'type' },
    variants: [
      {
        value: 'sql',
        members: [
          member('account', account),
          member('more', { kind: 'list', item: account }),
          member('named', { kind: 'map', item: account }),
        ],
      },
    ],
  };
  const one = { user: 'u', password: 'p' };
  const kept = { user: 'u', password: null };
  expect(withoutSecrets(field, { type: 'sql', account: one, more: [one], named: { a: one }, other: 1 })).toEqual({
    ...{ type: 'sql', account: kept, more: [kept], named: { a: kept }, other: 1 },
  });
});
it('what was left out stays left out, and a value of another form is not touched', () => {
  expect(withoutSecrets(account, { user: 'u' })).toEqual({ user: 'u' });
  expect(withoutSecrets(account, null)).toBe(null);
});
