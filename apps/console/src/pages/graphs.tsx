import '../operations.js';
import { Loader, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { csvOf, operationsApi } from '../api/operations.js';
import { FilterBar } from '../components/filter-bar.js';
import { LineChart } from '../components/line-chart.js';
import { ReferenceInput } from '../components/reference-input.js';
import { Typed } from '../components/typed.js';
import { usePageAddress } from '../components/use-page-address.js';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const RANGES = ['1h', '6h', '24h', '7d', '30d', '365d'] as const;
type Range = (typeof RANGES)[number];
/** Charts of one page; more would be none to look at. */
const MOST_CHARTS = 24;
const EVERY_MS = 30_000;

/** How the values of one node went. */
export function GraphsPage() {
  const { t, language } = useText();
  const { address, setAddress, put: putParts } = usePageAddress();
  const facility = address.get('facility') ?? '';
  const text = address.get('text') ?? '';
  const range: Range = RANGES.find((each) => each === address.get('range')) ?? '24h';
  const put = (key: string, value: string) => putParts({ [key]: value }, { replace: true });
  const list = useQuery({
    queryKey: ['series', facility],
    queryFn: ({ signal }) =>
      operationsApi.series(new URLSearchParams({ ...(facility === '' ? {} : { facility }), limit: '500' }).toString(), signal),
    placeholderData: (before) => before,
    refetchInterval: 60_000,
  });
  const found = useMemo(() => {
    const words = text.toLowerCase();
    return (list.data?.series ?? []).filter(({ monitor, item, facility: of }) =>
      `${monitor} ${item} ${of}`.toLowerCase().includes(words),
    );
  }, [list.data, text]);
  const ids = found.slice(0, MOST_CHARTS).map(({ id }) => id);
  const values = useQuery({
    queryKey: ['series', 'values', ids.join(), range],
    queryFn: ({ signal }) => operationsApi.values(ids, `from=${range}`, signal),
    enabled: ids.length > 0,
    placeholderData: (before) => before,
    refetchInterval: EVERY_MS,
  });
  const error = list.error ?? values.error;
  return (
    <div className="cluster-page" data-testid="graphs-page">
      <div className="page-head">
        <h1>{t('graphs.title')}</h1>
        <span className="grow" />
        <SegmentedControl
          size="xs"
          aria-label={t('messages.range')}
          value={range}
          onChange={(value) => put('range', value === '24h' ? '' : value)}
          data={RANGES.map((value) => ({ value, label: t(`graphs.range.${value}`) }))}
          data-testid="graphs-range"
        />
      </div>
      <FilterBar
        view="graphs"
        onClear={facility === '' && text === '' ? null : () => setAddress(range === '24h' ? {} : { range }, { replace: true })}
        csv={ids.length === 0 ? null : csvOf(`/api/v1/series/${ids.join()}/values`, `from=${range}`)}
        error={error}
      >
        <ReferenceInput
          kind="facility"
          size="xs"
          className="f-text"
          label={t('events.facility')}
          placeholder={t('graphs.facilityHint')}
          value={facility}
          onValue={(value) => put('facility', value)}
          data-testid="graphs-facility"
        />
        <Typed
          className="f-text"
          label={t('graphs.series')}
          placeholder={t('graphs.seriesHint')}
          value={text}
          onValue={(value) => put('text', value)}
          testId="graphs-text"
        />
      </FilterBar>
      {list.data !== undefined && found.length === 0 && (
        <div className="empty">{t(facility === '' && text === '' ? 'graphs.empty' : 'graphs.noneFound')}</div>
      )}
      {found.length > MOST_CHARTS && (
        <p className="dim">{t('graphs.more', { shown: MOST_CHARTS, count: integer(found.length, language) })}</p>
      )}
      {ids.length > 0 && values.data === undefined && error === null && <Loader size="sm" />}
      <div className="charts">
        {values.data !== undefined &&
          ids.length > 0 &&
          values.data.series.map((series) => (
            <div key={series.id}>
              <p className="dim small">{series.facility}</p>
              <LineChart of={values.data} series={series} unit="" />
            </div>
          ))}
      </div>
    </div>
  );
}
