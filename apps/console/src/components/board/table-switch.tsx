import { useText } from '../../i18n/language.js';

/** A plot as a table, and back. */
export function TableSwitch({ isTable, onChange }: { readonly isTable: boolean; readonly onChange: (isTable: boolean) => void }) {
  const { t } = useText();
  return (
    <button
      type="button"
      className="widget-button"
      aria-pressed={isTable}
      aria-label={t('board.asTable')}
      title={t('board.asTable')}
      onClick={() => onChange(!isTable)}
      data-testid="as-table"
    >
      ▦
    </button>
  );
}
