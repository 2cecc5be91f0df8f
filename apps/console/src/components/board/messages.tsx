import type { MessageHistogram, MessageTally, WidgetOf } from '@yosugara/protocol';
import { useState } from 'react';
import { Link } from 'react-router';
import { operationsApi } from '../../api/operations.js';
import { RATE_GROUPS } from '../../api/rate.js';
import { clockTime, integer, localTime } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { niceMax } from '../rate-chart.js';
import { useAsked, useBoard } from './board-context.js';
import { spanQuery } from './board-model.js';
import { Frame, titleOf } from './frame.js';
import { TableSwitch } from './table-switch.js';

const HEIGHT = 100;
const STEP = 10;
const DAY_MS = 86_400_000;
const sumOf = (tally: MessageTally): number => RATE_GROUPS.reduce((sum, each) => sum + tally[each], 0);

interface BarsProps {
  readonly of: MessageHistogram;
  readonly label: string;
}

function Bars({ of, label }: BarsProps) {
  const { t, language } = useText();
  const [fromMs, toMs] = [Date.parse(of.from), Date.parse(of.to)];
  const count = Math.max(1, Math.round((toMs - fromMs) / of.binMs));
  const max = niceMax(Math.max(0, ...of.bins.map(sumOf)));
  const uncounted = of.countedFrom === null ? 0 : (Date.parse(of.countedFrom) - fromMs) / of.binMs;
  const at = (ms: number) =>
    toMs - fromMs > 2 * DAY_MS ? localTime(new Date(ms).toISOString()).slice(5, 10) : clockTime(new Date(ms)).slice(0, 5);
  return (
    <>
      <div className="rate-plot widget-bars">
        <div className="rate-scale tabular" aria-hidden="true">
          <span>{integer(max, language)}</span>
          <span>0</span>
        </div>
        <svg viewBox={`0 0 ${count * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          <line x1="0" x2={count * STEP} y1={HEIGHT / 2} y2={HEIGHT / 2} className="rate-grid" />
          {uncounted > 0 && (
            <rect x={0} y={0} width={uncounted * STEP} height={HEIGHT} className="rate-unread">
              <title>{t('board.uncounted', { time: localTime(of.countedFrom ?? '') })}</title>
            </rect>
          )}
          {of.bins.map((bin) => {
            const x = ((Date.parse(bin.at) - fromMs) / of.binMs) * STEP;
            let y = HEIGHT;
            return (
              <g key={bin.at}>
                <rect x={x} y={0} width={STEP} height={HEIGHT} className="rate-hit">
                  <title>{`${localTime(bin.at)}: ${integer(sumOf(bin), language)}`}</title>
                </rect>
                {RATE_GROUPS.toReversed().map((group) => {
                  const height = (bin[group] / max) * HEIGHT;
                  if (height === 0) return null;
                  y -= height;
                  return <rect key={group} x={x + 1} y={y} width={STEP - 2} height={height} className={`rate-${group}`} />;
                })}
              </g>
            );
          })}
        </svg>
      </div>
      <div className="rate-axis tabular" aria-hidden="true">
        <span>{at(fromMs)}</span>
        <span>{at((fromMs + toMs) / 2)}</span>
        <span>{at(toMs)}</span>
      </div>
    </>
  );
}

function BinTable({ of }: { readonly of: MessageHistogram }) {
  const { t, language } = useText();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be scrolled by keys.
    <section className="widget-table" aria-label={t('board.asTable')} tabIndex={0} data-testid="widget-table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('board.time')}</th>
            {RATE_GROUPS.map((group) => (
              <th key={group} scope="col">
                {t(`rate.${group}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.bins.toReversed().map((bin) => (
            <tr key={bin.at}>
              <th scope="row" className="nowrap">
                {localTime(bin.at)}
              </th>
              {RATE_GROUPS.map((group) => (
                <td key={group}>{integer(bin[group], language)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** How many messages that a search finds came when. */
export function MessagesWidget({ widget }: { readonly widget: WidgetOf<'messages'> }) {
  const { t, language } = useText();
  const { span } = useBoard();
  const [isTable, setTable] = useState(false);
  const { text, source, host, app, severity, kind } = widget;
  const search = Object.fromEntries(
    Object.entries({ text, source, host, app, severity: severity ?? '', kind: kind ?? '' }).filter(([, value]) => value !== ''),
  );
  const query = new URLSearchParams({ ...search, ...spanQuery(span, ['since', 'until']) }).toString();
  const asked = useAsked(['messages', 'histogram', query], async (signal) => await operationsApi.histogram(query, signal));
  const found = asked.data;
  const total = (found?.bins ?? []).reduce((sum, bin) => sum + sumOf(bin), 0);
  const { app: _, ...known } = search;
  return (
    <Frame
      widget={widget}
      asked={asked}
      empty={total === 0 ? t('board.noMessages') : null}
      head={
        <>
          <Link to={`/messages?${new URLSearchParams({ mode: 'search', ...known })}`} className="small nowrap tabular">
            {t('board.messages', { count: integer(total, language) })}
          </Link>
          <TableSwitch isTable={isTable} onChange={setTable} />
        </>
      }
    >
      {found !== undefined &&
        (isTable ? (
          <BinTable of={found} />
        ) : (
          <Bars of={found} label={t('board.bars', { title: titleOf(widget, t), count: integer(total, language) })} />
        ))}
    </Frame>
  );
}
