import type { SeriesValues } from '@yosugara/protocol';
import { localTime, visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { short } from '../line-model.js';
import { summaryOf } from './stack-model.js';

/** What a plot shows, for whoever reads it as a table: the newest first. */
export function ValuesTable({ of, names }: { readonly of: SeriesValues; readonly names: readonly string[] }) {
  const { t } = useText();
  const times = [...new Set(of.series.flatMap(({ points }) => points.map(({ at }) => at)))].sort().reverse();
  const byTime = of.series.map(({ points }) => new Map(points.map((point) => [point.at, point.mean])));
  const figure = (value: number | null | undefined) => (value === null || value === undefined ? '–' : short(value));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be scrolled by keys.
    <section className="widget-table" aria-label={t('board.asTable')} tabIndex={0} data-testid="widget-table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('board.time')}</th>
            {of.series.map(({ id }, at) => (
              <th key={id} scope="col">
                {visible(names[at] ?? '')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(['mean', 'least', 'most'] as const).map((what) => (
            <tr key={what} className="widget-sums">
              <th scope="row">{t(`board.over.${what}`)}</th>
              {of.series.map(({ id, points }) => (
                <td key={id}>{figure(summaryOf(points)[what])}</td>
              ))}
            </tr>
          ))}
          {times.map((at) => (
            <tr key={at}>
              <th scope="row" className="nowrap">
                {localTime(at)}
              </th>
              {byTime.map((points, place) => (
                <td key={of.series[place]!.id}>{figure(points.get(at))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
