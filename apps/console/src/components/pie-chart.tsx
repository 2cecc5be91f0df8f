import type { SeriesValues } from '@yosugara/protocol';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { piecePath, sharesOf } from './graph-kinds.js';
import { short } from './line-model.js';

const RADIUS = 80;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** What each of several series has of all of them, by its mean over the time that is shown. */
export function PieChart({
  of,
  names,
  label,
}: {
  readonly of: SeriesValues;
  readonly names: readonly string[];
  readonly label: string;
}) {
  const { t } = useText();
  const shares = sharesOf(of.series);
  const nameOf = (at: number) => visible(names[at] ?? '');
  let turn = 0;
  const pieces = shares.map(({ id, share }) => {
    const from = turn;
    turn += share;
    return { id, from, to: turn, share };
  });
  const says = shares.map(({ share }, at) => `${nameOf(at)} ${percent(share)}`).join(', ');
  return (
    <div className="pie" data-testid="pie-chart">
      <svg width={2 * RADIUS + 4} height={2 * RADIUS + 4} role="img" aria-label={`${label}: ${says}`}>
        <g transform={`translate(${RADIUS + 2} ${RADIUS + 2})`}>
          {pieces.map(({ id, from, to, share }, at) =>
            share === 0 ? null : (
              <path key={id} d={piecePath(from, to, RADIUS)} className={`plot-area plot-${at % 8}`}>
                <title>{`${nameOf(at)}: ${percent(share)}`}</title>
              </path>
            ),
          )}
        </g>
      </svg>
      <ul className="plot-legend" aria-label={t('board.legend')}>
        {shares.map(({ id, mean, share }, at) => (
          <li key={id}>
            <i className={`swatch plot-bg-${at % 8}`} aria-hidden="true" />
            <span className="clip" title={nameOf(at)}>
              {nameOf(at)}
            </span>
            <strong className="tabular">{percent(share)}</strong> <span className="dim tabular">{short(mean)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
