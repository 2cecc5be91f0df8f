import { fieldsOf, type InventoryItem, type InventoryOperator, isNumberField } from '@yosugara/protocol';
import { compareVersions } from './versions.js';

export interface InventoryCondition {
  readonly field: string;
  readonly operator: InventoryOperator;
  readonly value: string;
}

/** @returns why it cannot be asked of that kind; null: it can. */
export function conditionProblem(kind: InventoryItem['kind'], { field, operator, value }: InventoryCondition): string | null {
  const fields = fieldsOf(kind);
  if (!Object.hasOwn(fields, field)) return `${kind} has no ${field}: there are ${Object.keys(fields).join(', ')}`;
  if (!isNumberField(fields[field])) return null;
  if (operator === 'contains') return `${field} is a number: it contains nothing`;
  return value.trim() === '' || Number.isNaN(Number(value)) ? `${field} is a number` : null;
}

/** A thing that does not tell the field fulfils no condition but `ne`. */
export function holds(item: Pick<InventoryItem, 'kind' | 'fields'>, { field, operator, value }: InventoryCondition): boolean {
  const found = Object.hasOwn(item.fields, field) ? item.fields[field] : undefined;
  if (found === undefined) return operator === 'ne';
  if (operator === 'contains') return String(found).toLowerCase().includes(value.toLowerCase());
  const order = orderOf(item, field, found, value);
  switch (operator) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
  }
}

function orderOf({ kind, fields }: Pick<InventoryItem, 'kind' | 'fields'>, field: string, found: string | number, value: string) {
  if (typeof found === 'number') return found - Number(value);
  if (fieldsOf(kind)[field] === 'version') return compareVersions(found, value, fields['by'] === 'rpm' ? 'rpm' : 'dpkg');
  return found < value ? -1 : found > value ? 1 : 0;
}
