import type { SeriesValues } from '@yosugara/protocol';
import { useState } from 'react';
import { visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { PieChart } from '../pie-chart.js';
import { Lines } from './lines.js';
import { lineNames } from './sources.js';
import { TableSwitch } from './table-switch.js';
import { ValuesTable } from './values-table.js';

/** Those of one monitor and item together: the same measured at several nodes. */
export function itemsOf(values: SeriesValues): readonly SeriesValues[] {
  const found = new Map<string, SeriesValues['series']>();
  for (const series of values.series) {
    const key = JSON.stringify([series.monitor, series.item]);
    found.set(key, [...(found.get(key) ?? []), series]);
  }
  return [...found.values()].map((series) => ({ ...values, series }));
}

/** One item of all nodes that have it, in one chart or as one table. */
export function ItemChart({ of, shape }: { readonly of: SeriesValues; readonly shape: 'line' | 'stack' | 'pie' }) {
  const { t } = useText();
  const [isTable, setTable] = useState(false);
  const [first] = of.series;
  const title = [first?.monitor, first?.item].filter(Boolean).join(' · ');
  const names = lineNames(of.series);
  return (
    <section className="panel item-chart" aria-label={visible(title)} data-testid="item-chart">
      <div className="widget-head">
        <h2 className="clip">{visible(title)}</h2>
        <span className="grow" />
        <TableSwitch isTable={isTable} onChange={setTable} />
      </div>
      {isTable ? (
        <ValuesTable of={of} names={names} />
      ) : shape === 'pie' ? (
        <PieChart of={of} names={names} label={visible(title)} />
      ) : (
        <Lines of={of} names={names} shape={shape} unit="" label={t('board.plot', { title, lines: names.join(', ') })} />
      )}
    </section>
  );
}
