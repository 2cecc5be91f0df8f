// biome-ignore-all lint/a11y/noNoninteractiveTabindex: the arrow keys walk along the values.
import type { EventRow, SeriesPoint, SeriesValues, Thresholds } from '@yosugara/protocol';
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { limitBands, marksOf } from './chart-context.js';
import { ChartMarks } from './chart-marks.js';
import { pictureOf } from './chart-picture.js';
import { downloadText } from './download.js';
import { unusualIn } from './graph-kinds.js';
import { bandPath, linePath, nearest, scaleOf, short, xOf, yOf } from './line-model.js';
import { PAD, PlotAxes, useBoxSize } from './plot.js';
import { Time } from './time.js';

const HEIGHT = 170;
const NO_BASELINE: readonly SeriesPoint[] = [];
const NO_EVENTS: readonly EventRow[] = [];

/** One series: the mean of each step as a line, within the band of its least and most. */
export function LineChart({
  of,
  series,
  unit,
  baseline = NO_BASELINE,
  events = NO_EVENTS,
  limits = null,
}: {
  readonly of: SeriesValues;
  readonly series: SeriesValues['series'][number];
  readonly unit: string;
  /** What is usual at the same times, with how much it varies. */
  readonly baseline?: readonly SeriesPoint[];
  /** What was told of it. */
  readonly events?: readonly EventRow[];
  /** What it is judged by. */
  readonly limits?: Thresholds | null;
}) {
  const { t } = useText();
  const { box, width } = useBoxSize();
  const chart = useRef<SVGSVGElement>(null);
  const [atMs, setAtMs] = useState<number | null>(null);
  const { points } = series;
  const [fromMs, toMs] = [Date.parse(of.from), Date.parse(of.to)];
  const scale = scaleOf(
    [...points, ...baseline].flatMap(({ mean, least, most }) => [mean, least, most].filter((value) => value !== null)),
  );
  const frame = { fromMs, toMs, scale, width: width - PAD.left - PAD.right, height: HEIGHT - PAD.top - PAD.bottom };
  const found = atMs === null ? null : nearest(points, atMs - of.stepMs / 2);
  const marks = marksOf(events, ({ at }) => xOf(Date.parse(at), frame), frame.width);
  const bands = limits === null ? [] : limitBands(limits, scale);
  const measured = points.filter(({ mean }) => mean !== null);
  const missing = points.reduce((sum, point) => sum + point.missing, 0);
  const unusual = unusualIn(points, baseline);
  const last = measured.at(-1)?.mean ?? null;
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left - PAD.left;
    setAtMs(fromMs + (left / frame.width) * (toMs - fromMs));
  };
  const step = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    setAtMs((now) => Math.min(toMs, Math.max(fromMs, (now ?? toMs) + by * of.stepMs)));
  };
  const title = [series.monitor, series.item].filter(Boolean).join(' · ');
  const says =
    last === null
      ? t('graphs.noValues')
      : t('graphs.summary', { name: title, last: short(last), low: short(scale.low), high: short(scale.high) });
  const x = found === null ? 0 : xOf(Date.parse(found.at) + of.stepMs / 2, frame);
  return (
    <section
      className="panel line-chart"
      aria-label={visible(`${title} ${series.facility}`)}
      data-testid="line-chart"
      data-series={series.id}
    >
      <div className="rate-head">
        <h2>{visible(title)}</h2>
        {last !== null && (
          <strong className="tabular">
            {short(last)} {unit}
          </strong>
        )}
        <span className="grow" />
        <span className="dim tabular small" role="status">
          {found !== null && (
            <>
              <Time iso={found.at} />{' '}
              {found.mean === null
                ? t('graphs.notMeasured')
                : `${short(found.mean)} (${short(found.least ?? found.mean)} … ${short(found.most ?? found.mean)})`}
              {found.missing > 0 && ` · ${t('graphs.missing', { count: found.missing })}`}
            </>
          )}
          {found === null && unusual > 0 && `${t('graphs.unusual', { count: unusual })} `}
          {found === null && missing > 0 && t('graphs.missing', { count: missing })}
        </span>
        <button
          type="button"
          className="widget-button"
          aria-label={t('graphs.picture')}
          title={t('graphs.picture')}
          onClick={() => {
            if (chart.current === null) return;
            const name = visible(`${title} · ${series.facility}`);
            downloadText(`${fileNameOf(name)}.svg`, pictureOf(chart.current, name), 'image/svg+xml');
          }}
          data-testid="chart-picture"
        >
          ⭳
        </button>
      </div>
      <ChartMarks marks={marks} />
      <div ref={box}>
        <svg
          ref={chart}
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={says}
          tabIndex={0}
          onPointerMove={point}
          onPointerLeave={() => setAtMs(null)}
          onKeyDown={step}
          onBlur={() => setAtMs(null)}
        >
          <g transform={`translate(${PAD.left} ${PAD.top})`}>
            {bands.map(({ from, to, priority }) => (
              <rect
                key={from}
                x={0}
                y={yOf(to, frame)}
                width={frame.width}
                height={yOf(from, frame) - yOf(to, frame)}
                className={`limit-band limit-${priority}`}
                data-testid="limit-band"
              />
            ))}
            <PlotAxes frame={frame} />
            {events.map(({ number, at, priority }) => {
              const where = xOf(Date.parse(at), frame);
              return where < 0 || where > frame.width ? null : (
                <line key={number} x1={where} x2={where} y1={0} y2={frame.height} className={`mark-line limit-${priority}`} />
              );
            })}
            <path d={bandPath(baseline, of.stepMs, frame)} className="baseline-band" />
            <path d={linePath(baseline, of.stepMs, frame)} className="baseline" />
            <path d={bandPath(points, of.stepMs, frame)} className="line-band" />
            <path d={linePath(points, of.stepMs, frame)} className="line" />
            {found !== null && (
              <>
                <line x1={x} x2={x} y1={0} y2={frame.height} className="line-cursor" />
                {found.mean !== null && <circle cx={x} cy={yOf(found.mean, frame)} r={3.5} className="line-point" />}
              </>
            )}
          </g>
        </svg>
      </div>
    </section>
  );
}

const fileNameOf = (name: string): string => name.replaceAll(/[^\p{L}\p{N}.-]+/gu, '-').slice(0, 100);
