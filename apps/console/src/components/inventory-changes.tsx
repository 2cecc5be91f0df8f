import { useInfiniteQuery } from '@tanstack/react-query';
import type { InventoryChanges as Changes, InventoryFields } from '@yosugara/protocol';
import { inventoryApi } from '../api/inventory.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { Failed } from './failed.js';
import { FieldValue, SaidFields } from './inventory-fields.js';
import { MorePages } from './more-pages.js';
import { Time } from './time.js';

type Change = Changes['rows'][number];

function Difference({ kind, before, after }: Change) {
  const { t } = useText();
  if (before === null || after === null) return <SaidFields kind={kind} fields={before ?? after ?? {}} />;
  const value = (fields: InventoryFields, field: string) => <FieldValue kind={kind} field={field} value={fields[field]} />;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => before[field] !== after[field])
    .map((field) => (
      <span key={field} className="inventory-field">
        <span className="dim">{named(t, 'inventoryField', field)}</span> {value(before, field)} →{' '}
        <strong>{value(after, field)}</strong>{' '}
      </span>
    ));
}

/** What came, went and is other than it was, newest first. */
export function InventoryChanges({ node }: { readonly node: string }) {
  const { t } = useText();
  const found = useInfiniteQuery({
    queryKey: ['inventory', 'changes', node],
    queryFn: ({ pageParam, signal }) => inventoryApi.changes(node, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
  const rows = (found.data?.pages ?? []).flatMap((page) => page.rows);
  return (
    <section className="panel" data-testid="inventory-changes">
      <h2>{t('inventory.changes')}</h2>
      <Failed error={found.error} />
      {found.data !== undefined && rows.length === 0 && <p className="dim">{t('inventory.noChanges')}</p>}
      <ul className="plain-list" aria-label={t('inventory.changes')}>
        {rows.map((row) => (
          <li key={`${row.at} ${row.kind} ${row.key}`} className="inventory-change" data-testid="inventory-change">
            <Time iso={row.at} /> <strong>{t(`inventory.${row.change}`)}</strong>{' '}
            <span className="dim">{t(`inventoryKind.${row.kind}`)}</span> <strong>{visible(row.name)}</strong>{' '}
            <Difference {...row} />
          </li>
        ))}
      </ul>
      <MorePages of={found}>{t('inventory.more')}</MorePages>
    </section>
  );
}
