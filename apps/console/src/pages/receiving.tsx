import { Alert, Loader, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, serverNowMs } from '../api/client.js';
import { MissingRecords } from '../components/missing-records.js';
import { ReceiptChart } from '../components/receipt-chart.js';
import { receiptBins } from '../components/receipt-model.js';
import { ReceiverPanel } from '../components/receiver-panel.js';
import { SourceTable } from '../components/source-table.js';
import { Time } from '../components/time.js';
import { useText } from '../i18n/language.js';

const EVERY_MS = 5_000;
const RANGES = ['1h', '24h', '7d', '35d'] as const;
type Range = (typeof RANGES)[number];

/** What came to both nodes, to one only, or was refused: by source, by minute and by listener. */
export function ReceivingPage() {
  const { t } = useText();
  const [range, setRange] = useState<Range>('24h');
  const summary = useQuery({
    queryKey: ['ingest', 'summary', range],
    queryFn: ({ signal }) => api.ingestSummary(`since=${range}`, signal),
    refetchInterval: EVERY_MS,
  });
  const sources = useQuery({
    queryKey: ['ingest', 'sources', range],
    queryFn: ({ signal }) => api.ingestSources(`since=${range}&limit=200`, signal),
    refetchInterval: EVERY_MS,
  });
  const error = summary.error ?? sources.error;
  const nodes = sources.data?.nodes ?? Object.keys(summary.data?.total.received ?? {});
  return (
    <div className="cluster-page" data-testid="receiving-page">
      <div className="page-head">
        <h1>{t('receiving.title')}</h1>
        {summary.data !== undefined && (
          <span className="dim">
            {t('receiving.from')}{' '}
            <Time iso={summary.data.countedSince > summary.data.from ? summary.data.countedSince : summary.data.from} />
          </span>
        )}
        <span className="grow" />
        <SegmentedControl
          size="xs"
          aria-label={t('messages.range')}
          data-testid="receiving-range"
          value={range}
          onChange={(value) => setRange(value as Range)}
          data={RANGES.map((value) => ({ value, label: t(`receiving.range.${value}`) }))}
        />
      </div>
      {error !== null && (
        <Alert color="red" role="alert" title={t('receiving.failed')}>
          {error.message}
        </Alert>
      )}
      {summary.data === undefined ? (
        error === null && <Loader size="sm" />
      ) : (
        <>
          <MissingRecords summary={summary.data} />
          <ReceiptChart bins={receiptBins(summary.data.minutes, nodes, serverNowMs())} nodes={nodes} />
          <div className="receipt-receivers">
            {summary.data.receivers.map((receiver) => (
              <ReceiverPanel key={receiver.node} receiver={receiver} />
            ))}
          </div>
        </>
      )}
      {sources.data !== undefined && <SourceTable answer={sources.data} />}
      <p className="dim">{t('receiving.explain')}</p>
    </div>
  );
}
