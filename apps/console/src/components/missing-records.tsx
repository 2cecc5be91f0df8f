import { Alert } from '@mantine/core';
import type { IngestSummary } from '@yosugara/protocol';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { missingOf } from './receipt-model.js';

const COLORS = { owed: 'yellow', lost: 'red' } as const;

/** Records that were received and are not in the database: owed by the other node, or on neither any more. Nothing where there are none. */
export function MissingRecords({ summary }: { readonly summary: IngestSummary }) {
  const { t, language } = useText();
  return missingOf(summary).map(({ kind, records, stretches, more }) => (
    <Alert
      key={kind}
      color={COLORS[kind]}
      role="alert"
      data-testid={`receiving-${kind}`}
      title={t(`receiving.${kind}`, { count: integer(records, language) })}
    >
      {t(`receiving.${kind}Explain`)}
      <ul className="receipt-losses">
        {stretches.map((stretch) => (
          <li key={stretch} className="tabular">
            {stretch}
          </li>
        ))}
        {more > 0 && <li className="dim">{t('receiving.stretchesMore', { count: integer(more, language) })}</li>}
      </ul>
    </Alert>
  ));
}
