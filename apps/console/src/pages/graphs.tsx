import '../operations.js';
import '../styles/dashboards.css';
import { Loader, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { csvOf, operationsApi } from '../api/operations.js';
import { ItemChart, itemsOf } from '../components/board/item-chart.js';
import { FilterBar } from '../components/filter-bar.js';
import { LineChart } from '../components/line-chart.js';
import { ReferenceInput } from '../components/reference-input.js';
import { ScatterChart } from '../components/scatter-chart.js';
import { Typed } from '../components/typed.js';
import { useBaseline } from '../components/use-baseline.js';
import { useChartContext } from '../components/use-chart-context.js';
import { usePageAddress } from '../components/use-page-address.js';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const RANGES = ['1h', '6h', '24h', '7d', '30d', '365d'] as const;
type Range = (typeof RANGES)[number];
/** Of one point; '' = as many points as a chart has room for. */
const STEPS = ['', '1h', '1d', '1month'] as const;
/**
 * Each series by itself, alone or with what is usual at that time; those of one item in one chart: beside each other, upon each other, or as
 * shares; two against each other.
 */
const SHAPES = ['each', 'baseline', 'line', 'stack', 'pie', 'scatter'] as const;
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
  const step = STEPS.find((each) => each === address.get('step')) ?? '';
  const shape = SHAPES.find((each) => each === address.get('shape')) ?? 'each';
  const put = (key: string, value: string) => putParts({ [key]: value }, { replace: true });
  const list = useQuery({
    queryKey: ['series', facility, text],
    queryFn: ({ signal }) => {
      const words = { ...(facility === '' ? {} : { facility }), ...(text === '' ? {} : { text }) };
      return operationsApi.series(new URLSearchParams({ ...words, limit: '500' }).toString(), signal);
    },
    placeholderData: (before) => before,
    refetchInterval: 60_000,
  });
  const found = list.data?.series ?? [];
  const query = `from=${range}${step === '' ? '' : `&step=${step}`}`;
  const ids = found.slice(0, MOST_CHARTS).map(({ id }) => id);
  const values = useQuery({
    queryKey: ['series', 'values', ids.join(), query],
    queryFn: ({ signal }) => operationsApi.values(ids, query, signal),
    enabled: ids.length > 0,
    placeholderData: (before) => before,
    refetchInterval: EVERY_MS,
  });
  const baseline = useBaseline(values.data, shape === 'baseline');
  const isEach = shape === 'each' || shape === 'baseline';
  const context = useChartContext(values.data, isEach);
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
        csv={ids.length === 0 ? null : csvOf(`/api/v1/series/${ids.join()}/values`, query)}
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
        <Select
          size="xs"
          className="f-kind"
          label={t('board.step')}
          value={step}
          allowDeselect={false}
          data={STEPS.map((value) => ({ value, label: t(`board.step.${value === '' ? 'auto' : value}`) }))}
          onChange={(value) => put('step', value ?? '')}
          data-testid="graphs-step"
        />
        <Select
          size="xs"
          className="f-range"
          label={t('board.shape')}
          value={shape}
          allowDeselect={false}
          data={SHAPES.map((value) => ({ value, label: t(`board.shape.${value}`) }))}
          onChange={(value) => put('shape', value === 'each' || value === null ? '' : value)}
          data-testid="graphs-shape"
        />
      </FilterBar>
      {list.data !== undefined && found.length === 0 && (
        <div className="empty">{t(facility === '' && text === '' ? 'graphs.empty' : 'graphs.noneFound')}</div>
      )}
      {found.length > MOST_CHARTS && (
        <p className="dim">{t('graphs.more', { shown: MOST_CHARTS, count: integer(found.length, language) })}</p>
      )}
      {ids.length > 0 && values.data === undefined && error === null && <Loader size="sm" />}
      {values.data !== undefined && ids.length > 0 && shape === 'scatter' && (
        <ScatterChart of={values.data} across={address.get('across') ?? ''} up={address.get('up') ?? ''} onChoose={put} />
      )}
      <div className="charts">
        {values.data !== undefined &&
          ids.length > 0 &&
          !isEach &&
          shape !== 'scatter' &&
          itemsOf(values.data).map((of) => <ItemChart key={of.series[0]!.id} of={of} shape={shape} />)}
        {values.data !== undefined &&
          ids.length > 0 &&
          isEach &&
          values.data.series.map((series) => (
            <div key={series.id}>
              <p className="dim small">{series.facility}</p>
              <LineChart
                {...{ of: values.data, series, unit: '', baseline: baseline.get(series.id) ?? [] }}
                events={context.events(series)}
                limits={context.limits(series)}
              />
            </div>
          ))}
      </div>
    </div>
  );
}
