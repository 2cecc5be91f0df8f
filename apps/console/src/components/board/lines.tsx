// biome-ignore-all lint/a11y/noNoninteractiveTabindex: the arrow keys walk along the values.
import type { SeriesValues } from '@yosugara/protocol';
import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import { visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { type Frame, linePath, nearest, scaleOf, short, xOf, yOf } from '../line-model.js';
import { PAD, PlotAxes, useBoxSize } from '../plot.js';
import { Time } from '../time.js';
import { stacked, summaryOf } from './stack-model.js';

interface LinesProps {
  readonly of: SeriesValues;
  readonly names: readonly string[];
  readonly shape: 'line' | 'stack';
  readonly unit: string;
  /** What is drawn, to whoever does not see it. */
  readonly label: string;
}

type Stacked = ReturnType<typeof stacked>;
const area = (steps: Stacked[number], stepMs: number, frame: Frame): string => {
  const x = (ms: number) => xOf(ms + stepMs / 2, frame).toFixed(1);
  const upper = steps.map(({ atMs, to }) => `${x(atMs)},${yOf(to, frame).toFixed(1)}`);
  const lower = steps.toReversed().map(({ atMs, from }) => `${x(atMs)},${yOf(from, frame).toFixed(1)}`);
  return steps.length === 0 ? '' : `M${[...upper, ...lower].join('L')}Z`;
};

/** Several series in one plot: beside each other or upon each other. Arrow keys walk along the values. */
export function Lines({ of, names, shape, unit, label }: LinesProps) {
  const { t } = useText();
  const { box, width, height } = useBoxSize();
  const [atMs, setAtMs] = useState<number | null>(null);
  const [fromMs, toMs] = [Date.parse(of.from), Date.parse(of.to)];
  const stacks = shape === 'stack' ? stacked(of.series) : [];
  const values =
    shape === 'stack'
      ? [0, ...stacks.flatMap((steps) => steps.map(({ to }) => to))]
      : of.series.flatMap(({ points }) => points.flatMap(({ mean }) => (mean === null ? [] : [mean])));
  const plotHeight = Math.max(60, height - PAD.top - PAD.bottom);
  const scale = scaleOf(values, Math.max(2, Math.min(5, Math.floor(plotHeight / 26))));
  const frame = { fromMs, toMs, scale, width: width - PAD.left - PAD.right, height: plotHeight };
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
  const found = atMs === null ? [] : of.series.map(({ points }) => nearest(points, atMs - of.stepMs / 2));
  const moment = found.find((each) => each !== null)?.at ?? null;
  return (
    <>
      <div ref={box} className="widget-plot">
        <svg
          width={width}
          height={plotHeight + PAD.top + PAD.bottom}
          role="img"
          aria-label={label}
          tabIndex={0}
          onPointerMove={point}
          onPointerLeave={() => setAtMs(null)}
          onKeyDown={step}
          onBlur={() => setAtMs(null)}
        >
          <g transform={`translate(${PAD.left} ${PAD.top})`}>
            <PlotAxes frame={frame} />
            {of.series.map(({ id, points }, at) =>
              shape === 'stack' ? (
                <path key={id} d={area(stacks[at]!, of.stepMs, frame)} className={`plot-area plot-${at % 8}`} />
              ) : (
                <path
                  key={id}
                  d={linePath(points, of.stepMs, frame)}
                  className={`plot-line plot-${at % 8}${at < 8 ? '' : ' plot-dashed'}`}
                />
              ),
            )}
            {moment !== null && (
              <line
                x1={xOf(Date.parse(moment) + of.stepMs / 2, frame)}
                x2={xOf(Date.parse(moment) + of.stepMs / 2, frame)}
                y1={0}
                y2={frame.height}
                className="line-cursor"
              />
            )}
          </g>
        </svg>
      </div>
      <ul className="plot-legend" aria-label={t('board.legend')}>
        {of.series.map(({ id, points }, at) => {
          const value = found.length === 0 ? summaryOf(points).last : (found[at]?.mean ?? null);
          return (
            <li key={id}>
              <i className={`swatch plot-bg-${at % 8}${at < 8 ? '' : ' plot-hollow'}`} aria-hidden="true" />
              <span className="clip" title={visible(names[at] ?? '')}>
                {visible(names[at] ?? '')}
              </span>
              <strong className="tabular">
                {value === null ? '–' : short(value)} {unit}
              </strong>
            </li>
          );
        })}
        {moment !== null && (
          <li className="dim tabular" role="status">
            <Time iso={moment} />
          </li>
        )}
      </ul>
    </>
  );
}
