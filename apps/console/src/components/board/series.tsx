import type { WidgetOf } from '@yosugara/protocol';
import { useState } from 'react';
import { useText } from '../../i18n/language.js';
import { Frame, titleOf } from './frame.js';
import { Lines } from './lines.js';
import { lineNames, useSeriesValues } from './sources.js';
import { TableSwitch } from './table-switch.js';
import { ValuesTable } from './values-table.js';

/** Collected values over time. */
export function SeriesWidget({ widget }: { readonly widget: WidgetOf<'series'> }) {
  const { t } = useText();
  const [isTable, setTable] = useState(false);
  const asked = useSeriesValues(widget.sources);
  const values = asked.data?.values ?? null;
  const names = values === null ? [] : lineNames(values.series);
  const label = t('board.plot', { title: titleOf(widget, t), lines: names.join(', ') });
  return (
    <Frame
      widget={widget}
      asked={asked}
      empty={values === null ? t('board.noSeries') : null}
      head={
        <>
          {asked.data?.more === true && <span className="dim small nowrap">{t('board.moreLines', { count: names.length })}</span>}
          <TableSwitch isTable={isTable} onChange={setTable} />
        </>
      }
    >
      {values !== null &&
        (isTable ? (
          <ValuesTable of={values} names={names} />
        ) : (
          <Lines of={values} names={names} shape={widget.shape} unit={widget.unit} label={label} />
        ))}
    </Frame>
  );
}
