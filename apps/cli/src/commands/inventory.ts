import { InvalidInputError } from '@yosugara/kernel';
import {
  fieldsOf,
  INVENTORY_DEADLINE_MS,
  type InventoryChanges,
  type InventoryCollected,
  type InventoryFields,
  type InventoryFound,
  type InventoryItems,
  type InventoryKind,
  type InventoryOperator,
  type NodeInventory,
} from '@yosugara/protocol';
import {
  type InventoryFindQuery,
  inventoryFind,
  nodeInventoryChanges,
  nodeInventoryCollect,
  nodeInventoryItems,
  nodeInventoryShow,
} from '@yosugara/protocol/api';
import { known, type ManagerApi } from '../control/manager-api.js';
import { bytes, printable, table } from '../output/terminal.js';

const DEADLINE_MS = 15_000;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** A day is meant until its end, here. Anything else is what the manager takes. */
export function momentOf(text: string | undefined): string | undefined {
  if (text === undefined || !DAY.test(text)) return text;
  const end = new Date(`${text}T23:59:59.999`);
  if (Number.isNaN(end.getTime())) throw new InvalidInputError('--at', text, 'a day such as 2026-11-22');
  return end.toISOString();
}

const OPERATORS: Readonly<Record<string, InventoryOperator>> = {
  '=': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
  '~': 'contains',
};
const CONDITION = /^([A-Za-z]{1,64}) *(<=|>=|!=|<|>|=|~) *(\S.*)$/;

/** Such as `version<3.0.17`. @throws InvalidInputError */
export function conditionOf(text: string | undefined): Pick<InventoryFindQuery, 'field' | 'operator' | 'value'> {
  if (text === undefined) return {};
  const [, field, operator, value] = CONDITION.exec(text) ?? [];
  if (field === undefined || operator === undefined || value === undefined)
    throw new InvalidInputError('--where', text, 'a field, one of = != < <= > >= ~, and a value, such as version<3.0.17');
  return { field, operator: OPERATORS[operator]!, value };
}

export const readInventory = async (api: ManagerApi, node: string): Promise<NodeInventory> =>
  await known(api.ask(nodeInventoryShow(node), DEADLINE_MS));
export const readItems = async (
  api: ManagerApi,
  node: string,
  query: {
    kind?: InventoryKind | undefined;
    text?: string | undefined;
    at?: string | undefined;
    limit: number;
    after?: string | undefined;
  },
): Promise<InventoryItems> => await known(api.ask(nodeInventoryItems(node, query), DEADLINE_MS));
export const readChanges = async (
  api: ManagerApi,
  node: string,
  query: { from?: string | undefined; to?: string | undefined; limit: number; after?: string | undefined },
): Promise<InventoryChanges> => await known(api.ask(nodeInventoryChanges(node, query), DEADLINE_MS));
export const collectInventory = async (api: ManagerApi, node: string): Promise<InventoryCollected> =>
  await known(api.ask(nodeInventoryCollect(node), INVENTORY_DEADLINE_MS + DEADLINE_MS));
export const findInventory = async (api: ManagerApi, query: InventoryFindQuery): Promise<InventoryFound> =>
  await known(api.ask(inventoryFind(query), DEADLINE_MS));

const wordOf = (kind: InventoryKind, field: string, value: string | number): string =>
  fieldsOf(kind)[field] === 'bytes' ? bytes(Number(value)) : printable(String(value));
export const saidOf = (kind: InventoryKind, fields: InventoryFields): string =>
  Object.entries(fields)
    .map(([field, value]) => `${printable(field)} ${wordOf(kind, field, value)}`)
    .join(', ');

export function renderInventory({
  node,
  collectedAt,
  changedAt,
  why,
  triedAt,
  nextAt,
  canCollect,
  counts,
  cut,
  troubles,
}: NodeInventory): string {
  const lines = [
    collectedAt === null
      ? `${printable(node)}: nothing was collected yet`
      : `${printable(node)}: collected ${collectedAt}, changed ${changedAt ?? '–'}`,
    ...(why === null ? [] : [`tried ${triedAt}: ${printable(why)}`]),
    canCollect
      ? `next: ${nextAt ?? 'when somebody asks'}`
      : 'its agent is not connected, or is of a version that does not collect',
    ...cut.map(({ kind, kept, found }) => `${kind}: ${kept} of ${found} are told`),
    ...troubles.map(
      ({ kind, why: trouble }) => `${kind}: as it was before, since it could not be looked at: ${printable(trouble)}`,
    ),
  ];
  return `${lines.join('\n')}\n${table(
    ['KIND', 'COUNT'],
    counts.map(({ kind, count }) => [kind, String(count)]),
  )}`;
}

export const renderItems = ({ rows }: InventoryItems): string =>
  table(
    ['KIND', 'NAME', 'WHAT', 'SINCE'],
    rows.map(({ kind, name, fields, from }) => [kind, printable(name), saidOf(kind, fields), from]),
  );

export const renderChanges = ({ rows }: InventoryChanges): string =>
  table(
    ['AT', '', 'KIND', 'NAME', 'WHAT'],
    rows.map(({ at, change, kind, name, before, after }) => [
      at,
      change,
      kind,
      printable(name),
      differenceOf(kind, before, after),
    ]),
  );

/** Of what is other than before only that. */
function differenceOf(kind: InventoryKind, before: InventoryFields | null, after: InventoryFields | null): string {
  if (before === null || after === null) return saidOf(kind, before ?? after ?? {});
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((field) => before[field] !== after[field]);
  const shown = (value: string | number | undefined, field: string) => (value === undefined ? '–' : wordOf(kind, field, value));
  return fields.map((field) => `${printable(field)} ${shown(before[field], field)} → ${shown(after[field], field)}`).join(', ');
}

export const renderCollected = ({ collectedAt, items, added, removed, changed }: InventoryCollected): string =>
  `${collectedAt}: ${items} things; ${added} came, ${removed} went, ${changed} are other than before`;

export const renderFound = ({ rows }: InventoryFound): string =>
  table(
    ['NODE', 'NAME', 'WHAT', 'SINCE'],
    rows.map(({ node, kind, name, fields, from }) => [printable(node), printable(name), saidOf(kind, fields), from]),
  );
