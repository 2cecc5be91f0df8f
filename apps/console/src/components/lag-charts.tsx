import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ClusterLag, LagPoint } from '@yosugara/protocol';
import { upkeepApi } from '../api/upkeep.js';
import { bytes, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Failed } from './failed.js';
import { linePath, scaleOf } from './line-model.js';
import { PAD, PlotAxes, useBoxSize } from './plot.js';
import { usePageAddress } from './use-page-address.js';

const HEIGHT = 120;
const EVERY_MS = 30_000;
const HOURS = [1, 6, 24, 168] as const;

function LagChart({
  lag,
  title,
  points,
  of,
  say,
}: {
  readonly lag: ClusterLag;
  readonly title: string;
  readonly points: readonly LagPoint[];
  readonly of: (point: LagPoint) => number | null;
  readonly say: (value: number) => string;
}) {
  const { t } = useText();
  const { box, width } = useBoxSize();
  const values = points.map(of).filter((value) => value !== null);
  const scale = scaleOf([0, ...values], 3);
  const [fromMs, toMs] = [Date.parse(lag.from), Date.parse(lag.to)];
  const frame = { fromMs, toMs, scale, width: width - PAD.left - PAD.right, height: HEIGHT - PAD.top - PAD.bottom };
  const most = t('lag.most', { value: say(Math.max(0, ...values)) });
  const line = points.map((point) => ({ at: point.at, mean: of(point), least: null, most: null, missing: 0, count: 1 }));
  return (
    <div className="lag-chart" data-testid="lag-chart">
      <h3>
        {title} <span className="dim tabular small">{most}</span>
      </h3>
      <div ref={box}>
        <svg width={width} height={HEIGHT} role="img" aria-label={`${title}: ${most}`}>
          <g transform={`translate(${PAD.left} ${PAD.top})`}>
            <PlotAxes frame={frame} />
            <path d={linePath(line, lag.stepMs, frame)} className="line" />
          </g>
        </svg>
      </div>
    </div>
  );
}

/** How far each node was behind, as the Master wrote it down every minute. */
export function LagCharts({ master }: { readonly master: string | null }) {
  const { t, language } = useText();
  const { address, put } = usePageAddress();
  const wanted = Number(address.get('lag') ?? 6);
  const hours = HOURS.find((each) => each === wanted) ?? 6;
  const { data, error } = useQuery({
    queryKey: ['cluster-lag', hours],
    queryFn: ({ signal }) => upkeepApi.lag(hours, signal),
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
  const label = (each: number) => (each < 48 ? t('lag.hours', { hours: each }) : t('lag.days', { days: each / 24 }));
  return (
    <section className="panel" data-testid="lag">
      <div className="panel-head">
        <h2>{t('lag.title')}</h2>
        <span className="grow" />
        <SegmentedControl
          size="xs"
          aria-label={t('lag.range')}
          value={String(hours)}
          onChange={(value) => put({ lag: value === '6' ? null : value }, { replace: true })}
          data={HOURS.map((each) => ({ value: String(each), label: label(each) }))}
        />
      </div>
      <Failed error={data === undefined ? error : null} />
      {data?.nodes.length === 0 && <p className="dim">{t('lag.none')}</p>}
      <div className="lag-charts">
        {data?.nodes.flatMap(({ node, points }) => [
          ...(node === master
            ? []
            : [
                <LagChart
                  key={`${node} wal`}
                  {...{ lag: data, points, title: t('lag.wal', { node }), say: bytes, of: ({ walBytes }) => walBytes }}
                />,
              ]),
          <LagChart
            key={`${node} journal`}
            {...{ lag: data, points, title: t('lag.journal', { node }), of: ({ journal }) => journal }}
            say={(value) => integer(value, language)}
          />,
        ])}
      </div>
    </section>
  );
}
