import type { WidgetOf } from '@yosugara/protocol';
import { visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { PriorityBadge } from '../priority.js';
import { Frame } from './frame.js';
import { useSeriesValues } from './sources.js';
import { joined, levelOf, summaryOf } from './stack-model.js';

export function ValueWidget({ widget }: { readonly widget: WidgetOf<'value'> }) {
  const { t, language } = useText();
  const asked = useSeriesValues([widget]);
  const series = asked.data?.values?.series ?? [];
  const value = joined(
    series.map(({ points }) => summaryOf(points)[widget.over]),
    widget.join,
  );
  const level = value === null ? null : levelOf(value, widget);
  const digits = { minimumFractionDigits: widget.decimals, maximumFractionDigits: widget.decimals };
  return (
    <Frame widget={widget} asked={asked} empty={value === null ? t('board.noValues') : null}>
      <p className={`widget-value widget-${level ?? 'plain'}`} data-testid="widget-value" data-level={level ?? ''}>
        <strong className="tabular">
          {value !== null && new Intl.NumberFormat(language === 'ja' ? 'ja-JP' : 'en-GB', digits).format(value)}
        </strong>
        {widget.unit !== '' && <span className="dim">{visible(widget.unit)}</span>}
        {level !== null && <PriorityBadge priority={level} />}
      </p>
      <p className="dim small clip widget-foot">
        {t(`board.over.${widget.over}`)}
        {series.length > 1 && ` · ${t(`board.join.${widget.join}`, { count: series.length })}`}
        {asked.data?.more === true && ` · ${t('board.moreLines', { count: series.length })}`}
      </p>
    </Frame>
  );
}
