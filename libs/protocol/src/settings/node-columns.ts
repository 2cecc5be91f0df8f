import { InvalidInputError } from '@yosugara/kernel';
import { csvCell, parseCsv } from './csv.js';

/** Columns that are of the setting; all others are places in the body, such as `snmp.version`. */
const HEAD = ['id', 'description', 'enabled', 'ownerRole'];
/** Several values in one cell, apart by spaces or semicolons. */
const LISTS = ['addresses', 'hostNames', 'scopes', 'behind'];
const NUMBERS = /^((snmp|ssh|ipmi|wbem|winrm)\.(port|timeoutMs|retries)|job\.(priority|multiplicity))$/;
const COLUMN = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;
const TRUTHS = new Map([
  ...['true', 'yes', '1'].map((word) => [word, true] as const),
  ...['false', 'no', '0'].map((word) => [word, false] as const),
]);

export interface PlacedDocument {
  readonly document: unknown;
  readonly file: string;
  readonly line: number;
}

/** One node a line; the first line names the columns. An empty cell says nothing. @throws InvalidInputError */
export function nodesOfCsv(text: string, file: string): readonly PlacedDocument[] {
  const [head, ...rows] = parseCsv(text, file);
  if (head === undefined) return [];
  const columns = head.cells.map((cell) => cell.trim());
  for (const column of columns)
    if (!COLUMN.test(column)) throw new InvalidInputError(`${file}:1`, column, 'a column such as id, addresses or snmp.version');
  if (!columns.includes('id')) throw new InvalidInputError(`${file}:1`, columns.join(','), 'columns with id among them');
  if (new Set(columns).size < columns.length) throw new InvalidInputError(`${file}:1`, columns.join(','), 'each column once');
  return rows.map(({ line, cells }) => {
    if (cells.length > columns.length)
      throw new InvalidInputError(`${file}:${line}`, `${cells.length} cells`, `at most ${columns.length}, as the first line has`);
    return { document: documentOf(columns, cells, `${file}:${line}`), file, line };
  });
}

function documentOf(columns: readonly string[], cells: readonly string[], where: string): unknown {
  const head: Record<string, unknown> = { kind: 'node' };
  const body: Record<string, unknown> = {};
  for (const [at, column] of columns.entries()) {
    const cell = (cells[at] ?? '').trim();
    if (cell === '') continue;
    const value = cellValue(column, cell, where);
    const [part = '', field] = column.split('.');
    if (HEAD.includes(column)) head[column] = value;
    else if (field === undefined) body[part] = value;
    else body[part] = { ...(body[part] as object | undefined), [field]: value };
  }
  return { ...head, body: { name: head['id'], ...body } };
}

function cellValue(column: string, cell: string, where: string): unknown {
  if (LISTS.includes(column)) return cell.split(/[\s;]+/).filter((part) => part !== '');
  if (column === 'notes') return [cell];
  if (column === 'enabled') {
    const truth = TRUTHS.get(cell.toLowerCase());
    if (truth === undefined) throw new InvalidInputError(`${where}: enabled`, cell, 'true or false');
    return truth;
  }
  // What is no number is left for the manager to name.
  return NUMBERS.test(column) && /^\d{1,9}$/.test(cell) ? Number(cell) : cell;
}

const COLUMNS = [
  ...['id', 'name', 'addresses', 'hostNames', 'scopes', 'behind', 'platform', 'description', 'enabled', 'ownerRole'],
  ...['administrator', 'contact', 'snmp.version', 'snmp.port', 'snmp.user', 'snmp.level'],
];

interface NodeDocument {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

export const nodeCsvHead = (): string => COLUMNS.join(',');

/** What a table can hold of it: no secrets, no variables. */
export function nodeCsvLine(document: NodeDocument): string {
  return COLUMNS.map((column) => {
    const source: unknown = HEAD.includes(column) ? document : document.body;
    const value = column
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], source);
    return csvCell(value === undefined || value === null ? '' : Array.isArray(value) ? value.join(' ') : String(value));
  }).join(',');
}
