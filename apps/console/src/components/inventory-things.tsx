import { Group, Select, Table, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { fieldsOf, type InventoryKind, type NodeInventory } from '@yosugara/protocol';
import { inventoryApi } from '../api/inventory.js';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Failed } from './failed.js';
import { endOfDay, FieldValue } from './inventory-fields.js';
import { MorePages } from './more-pages.js';
import { Time } from './time.js';
import type { Put } from './use-page-address.js';

interface ThingsProps {
  readonly node: string;
  readonly counts: NodeInventory['counts'];
  readonly kind: InventoryKind;
  readonly text: string;
  /** YYYY-MM-DD; '' = now. */
  readonly day: string;
  readonly put: Put;
}

/** What a node has of one kind, now or at a day. */
export function InventoryThings({ node, counts, kind, text, day, put }: ThingsProps) {
  const { t, language } = useText();
  const at = endOfDay(day);
  const found = useInfiniteQuery({
    queryKey: ['inventory', 'items', node, kind, text, at],
    queryFn: ({ pageParam, signal }) =>
      inventoryApi.items(node, { kind, at, ...(text === '' ? {} : { text }) }, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
  const rows = (found.data?.pages ?? []).flatMap((page) => page.rows).filter((row) => row.kind === kind);
  const fields = Object.keys(fieldsOf(kind));
  const replace = { replace: true };
  return (
    <section className="panel" data-testid="inventory-things">
      <h2>{t('inventory.things')}</h2>
      <Group gap="xs" mb="xs" align="end">
        <Select
          size="xs"
          label={t('inventory.kind')}
          allowDeselect={false}
          data={counts.map(({ kind: value, count }) => ({
            value,
            label: `${t(`inventoryKind.${value}`)} (${integer(count, language)})`,
          }))}
          value={kind}
          onChange={(value) => put({ kind: value }, replace)}
          data-testid="inventory-kind"
        />
        <TextInput
          size="xs"
          label={t('inventory.text')}
          maxLength={256}
          value={text}
          onChange={(event) => put({ text: event.currentTarget.value }, replace)}
          data-testid="inventory-text"
        />
        <TextInput
          size="xs"
          type="date"
          label={t('inventory.asOf')}
          value={day}
          onChange={(event) => put({ day: event.currentTarget.value }, replace)}
          data-testid="inventory-day"
        />
      </Group>
      <Failed error={found.error} />
      {found.data !== undefined && rows.length === 0 && <p className="dim">{t('inventory.nothing')}</p>}
      {rows.length > 0 && (
        <Table.ScrollContainer minWidth={500} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('inventory.name')}</Table.Th>
                {fields.map((field) => (
                  <Table.Th key={field}>{t(`inventoryField.${field}` as 'inventoryField.id')}</Table.Th>
                ))}
                <Table.Th>{t('inventory.since')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={`${row.key} ${row.from}`} data-testid="inventory-row">
                  <Table.Td>
                    <strong>{visible(row.name)}</strong>
                  </Table.Td>
                  {fields.map((field) => (
                    <Table.Td key={field}>
                      <FieldValue kind={kind} field={field} value={row.fields[field]} />
                    </Table.Td>
                  ))}
                  <Table.Td>
                    <Time iso={row.from} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <MorePages of={found}>{t('inventory.more')}</MorePages>
    </section>
  );
}
