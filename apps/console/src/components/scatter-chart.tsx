import { Select } from '@mantine/core';
import type { SeriesValues } from '@yosugara/protocol';
import { localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { correlationOf, pairsOf } from './graph-kinds.js';
import { scaleOf, short } from './line-model.js';
import { PAD, useBoxSize } from './plot.js';

const HEIGHT = 320;

interface ScatterProps {
  readonly of: SeriesValues;
  /** Which two of them; others than those that are there: the first two. */
  readonly across: string;
  readonly up: string;
  readonly onChoose: (which: 'across' | 'up', id: string) => void;
}

/** Two series against each other: a point for each step that both have a value of. */
export function ScatterChart({ of, across, up, onChoose }: ScatterProps) {
  const { t } = useText();
  const { box, width } = useBoxSize();
  const { series } = of;
  const nameOf = ({ facility, monitor, item }: SeriesValues['series'][number]) =>
    visible([facility, monitor, item].filter(Boolean).join(' · '));
  const one = series.find(({ id }) => String(id) === across) ?? series[0];
  const other = series.find(({ id }) => String(id) === up) ?? series[1] ?? one;
  if (one === undefined || other === undefined) return null;
  const pairs = pairsOf(one.points, other.points);
  const [xs, ys] = [scaleOf(pairs.map(({ x }) => x)), scaleOf(pairs.map(({ y }) => y))];
  const frame = { width: width - PAD.left - PAD.right, height: HEIGHT - PAD.top - PAD.bottom };
  const x = (value: number) => ((value - xs.low) / (xs.high - xs.low)) * frame.width;
  const y = (value: number) => frame.height - ((value - ys.low) / (ys.high - ys.low)) * frame.height;
  const correlation = correlationOf(pairs);
  const says = t('graphs.scatter', { across: nameOf(one), up: nameOf(other), count: pairs.length });
  const choices = series.map((each) => ({ value: String(each.id), label: nameOf(each) }));
  return (
    <section className="panel scatter" aria-label={says} data-testid="scatter-chart">
      <div className="scatter-head">
        {(['up', 'across'] as const).map((which) => (
          <Select
            key={which}
            size="xs"
            className="grow"
            label={t(`graphs.${which}`)}
            data={choices}
            value={String((which === 'up' ? other : one).id)}
            allowDeselect={false}
            searchable
            onChange={(id) => onChoose(which, id ?? '')}
            data-testid={`scatter-${which}`}
          />
        ))}
        <p className="dim small" role="status">
          {t('graphs.pairs', { count: pairs.length })}
          {correlation !== null && ` · ${t('graphs.correlation', { value: correlation.toFixed(2) })}`}
        </p>
      </div>
      <div ref={box}>
        <svg width={width} height={HEIGHT} role="img" aria-label={says}>
          <g transform={`translate(${PAD.left} ${PAD.top})`}>
            {ys.ticks.map((tick) => (
              <g key={tick}>
                <line x1={0} x2={frame.width} y1={y(tick)} y2={y(tick)} className="rate-grid" />
                <text x={-8} y={y(tick) + 4} className="axis axis-y">
                  {short(tick)}
                </text>
              </g>
            ))}
            {xs.ticks.map((tick) => (
              <g key={tick}>
                <line x1={x(tick)} x2={x(tick)} y1={frame.height} y2={frame.height + 4} className="axis-tick" />
                <text
                  x={x(tick)}
                  y={frame.height + 16}
                  className={x(tick) > frame.width - PAD.right ? 'axis axis-last' : 'axis axis-x'}
                >
                  {short(tick)}
                </text>
              </g>
            ))}
            {pairs.map((pair) => (
              <circle key={pair.at} cx={x(pair.x)} cy={y(pair.y)} r={3} className="plot-area plot-0">
                <title>{`${localTime(pair.at)}: ${short(pair.x)}, ${short(pair.y)}`}</title>
              </circle>
            ))}
          </g>
        </svg>
      </div>
    </section>
  );
}
