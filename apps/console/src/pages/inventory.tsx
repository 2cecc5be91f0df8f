import { MorePages } from '../components/more-pages.js';
import '../inventory.js';
import { Button, Group, Select, Table, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { fieldsOf, INVENTORY_KINDS, INVENTORY_OPERATORS } from '@yosugara/protocol';
import type { InventoryFindQuery } from '@yosugara/protocol/api';
import { useState } from 'react';
import { Link } from 'react-router';
import { inventoryApi } from '../api/inventory.js';
import { Failed } from '../components/failed.js';
import { endOfDay, SaidFields } from '../components/inventory-fields.js';
import { Time } from '../components/time.js';
import { type Put, usePageAddress } from '../components/use-page-address.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';

const TYPED = ['name', 'contains', 'value', 'day'] as const;
const CHOSEN = ['kind', 'field', 'operator'] as const;
type Draft = Readonly<Record<(typeof TYPED)[number] | (typeof CHOSEN)[number], string>>;

const draftOf = (address: URLSearchParams): Draft =>
  Object.fromEntries([...TYPED, ...CHOSEN].map((each) => [each, address.get(each) ?? ''])) as Draft;

function queryOf({ kind, name, contains, field, operator, value, day }: Draft): InventoryFindQuery {
  const wish = { name, contains, at: endOfDay(day) ?? '', ...(field === '' || value === '' ? {} : { field, value }) };
  return {
    ...Object.fromEntries(Object.entries(wish).filter(([, each]) => each !== '')),
    kind: INVENTORY_KINDS.find((each) => each === kind) ?? 'package',
    operator: INVENTORY_OPERATORS.find((each) => each === operator) ?? 'eq',
  };
}

function Form({ address, put }: { readonly address: URLSearchParams; readonly put: Put }) {
  const { t } = useText();
  const [draft, setDraft] = useState(() => draftOf(address));
  const change = (more: Partial<Draft>) => setDraft({ ...draft, ...more });
  const { kind = 'package', operator = 'eq' } = queryOf(draft);
  const typed = (name: (typeof TYPED)[number]) => ({
    ...{ size: 'xs', maxLength: 256, value: draft[name], 'data-testid': `find-${name}` },
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => change({ [name]: event.currentTarget.value }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        put({ ...draft, kind, asked: '1' });
      }}
    >
      <Group gap="xs" mb="xs" align="end">
        <Select
          size="xs"
          label={t('inventory.kind')}
          allowDeselect={false}
          data={INVENTORY_KINDS.map((value) => ({ value, label: t(`inventoryKind.${value}`) }))}
          value={kind}
          onChange={(value) => change({ kind: value ?? '', field: '' })}
        />
        <TextInput {...typed('name')} label={t('inventory.whole')} />
        <TextInput {...typed('contains')} label={t('inventory.text')} />
        <Select
          size="xs"
          label={t('inventory.field')}
          clearable
          data={Object.keys(fieldsOf(kind)).map((value) => ({ value, label: named(t, 'inventoryField', value) }))}
          value={draft.field === '' ? null : draft.field}
          onChange={(value) => change({ field: value ?? '' })}
          data-testid="find-field"
        />
        <Select
          size="xs"
          w={90}
          label={t('inventory.operator')}
          allowDeselect={false}
          data={INVENTORY_OPERATORS.map((value) => ({ value, label: t(`inventoryOperator.${value}`) }))}
          value={operator}
          onChange={(value) => change({ operator: value ?? '' })}
          data-testid="find-operator"
        />
        <TextInput {...typed('value')} label={t('inventory.value')} />
        <TextInput {...typed('day')} type="date" label={t('inventory.asOf')} />
        <Button size="xs" type="submit" data-testid="find-go">
          {t('inventory.find')}
        </Button>
      </Group>
    </form>
  );
}

/** Nodes by what they have. */
export function InventoryPage() {
  const { t } = useText();
  const { address, put } = usePageAddress();
  const query = queryOf(draftOf(address));
  const isAsked = address.get('asked') !== null;
  const found = useInfiniteQuery({
    queryKey: ['inventory', 'find', query],
    queryFn: ({ pageParam, signal }) => inventoryApi.find(query, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: isAsked,
  });
  const rows = (found.data?.pages ?? []).flatMap((page) => page.rows);
  return (
    <div className="cluster-page" data-testid="inventory-search">
      <div className="page-head">
        <Link to="/repository">{t('repository.title')}</Link>
        <span className="dim">›</span>
        <h1>{t('inventory.search')}</h1>
      </div>
      <section className="panel">
        <Form key={address.toString()} address={address} put={put} />
        <Failed error={found.error} />
        {isAsked && found.data !== undefined && rows.length === 0 && (
          <p className="dim">{t(found.hasNextPage ? 'inventory.lookedAt' : 'inventory.noNodes')}</p>
        )}
        {rows.length > 0 && (
          <Table.ScrollContainer minWidth={500} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('inventory.node')}</Table.Th>
                  <Table.Th>{t('inventory.name')}</Table.Th>
                  <Table.Th>{t('inventory.what')}</Table.Th>
                  <Table.Th>{t('inventory.since')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => (
                  <Table.Tr key={`${row.node} ${row.key} ${row.from}`} data-testid="found-row">
                    <Table.Td>
                      <Link to={`/repository/node/${encodeURIComponent(row.node)}/inventory?kind=${row.kind}`}>
                        {visible(row.node)}
                      </Link>
                    </Table.Td>
                    <Table.Td>
                      <strong>{visible(row.name)}</strong>
                    </Table.Td>
                    <Table.Td>
                      <SaidFields kind={row.kind} fields={row.fields} />
                    </Table.Td>
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
    </div>
  );
}
