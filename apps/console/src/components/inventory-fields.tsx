import { fieldsOf, type InventoryFields, type InventoryKind } from '@yosugara/protocol';
import { bytes, instantOf, integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { Time } from './time.js';

/** A day is meant until its end, in the zone that times are shown in. */
export const endOfDay = (day: string): string | undefined => {
  const atMs = day === '' ? null : instantOf(`${day}T23:59:59`);
  return atMs === null ? undefined : new Date(atMs + 999).toISOString();
};

export function FieldValue({
  kind,
  field,
  value,
}: {
  readonly kind: InventoryKind;
  readonly field: string;
  readonly value: string | number | undefined;
}) {
  const { language } = useText();
  const type = fieldsOf(kind)[field];
  if (value === undefined) return <>–</>;
  if (type === 'bytes') return <span className="tabular">{bytes(Number(value))}</span>;
  if (type === 'instant') return <Time iso={String(value)} />;
  // A port is a name, not an amount.
  if (typeof value === 'number') return <span className="tabular">{field === 'port' ? value : integer(value, language)}</span>;
  return <>{visible(value)}</>;
}

/** In one line. */
export function SaidFields({ kind, fields }: { readonly kind: InventoryKind; readonly fields: InventoryFields }) {
  const { t } = useText();
  return (
    <>
      {Object.entries(fields).map(([field, value]) => (
        <span key={field} className="inventory-field">
          <span className="dim">{named(t, 'inventoryField', field)}</span> <FieldValue {...{ kind, field, value }} />{' '}
        </span>
      ))}
    </>
  );
}
