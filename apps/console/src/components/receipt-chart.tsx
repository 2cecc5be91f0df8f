import { clockTime, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { niceMax } from './rate-chart.js';
import { type ReceiptBin, sumOf } from './receipt-model.js';

const HEIGHT = 64;
const STEP = 10;

/** What came to one node only stands on top, where it is seen. */
const ONLY = ['receipt-first', 'receipt-second'] as const;

function Bar({ bin, index, max, nodes }: { bin: ReceiptBin; index: number; max: number; nodes: readonly string[] }) {
  const { t, language } = useText();
  let y = HEIGHT;
  const parts = [['receipt-both', bin.both], ...bin.only.map((count, at) => [ONLY[at % ONLY.length]!, count] as const)] as const;
  const time = clockTime(new Date(bin.atMs)).slice(0, 5);
  const only = bin.only.map((count, at) =>
    t('receiving.onlyAtCount', { node: nodes[at] ?? '', count: integer(count, language) }),
  );
  return (
    <g>
      <rect x={index * STEP} y={0} width={STEP} height={HEIGHT} className="rate-hit">
        <title>{[t('receiving.bin', { time, count: integer(sumOf(bin), language) }), ...only].join(' · ')}</title>
      </rect>
      {parts.map(([name, count], at) => {
        if (count === 0) return null;
        // A single lost message must be seen beside ten thousand that came.
        const height = Math.max((count / max) * HEIGHT, at === 0 ? 0 : 2);
        y = Math.max(0, y - height);
        return <rect key={name} x={index * STEP + 1} y={y} width={STEP - 2} height={height} className={name} />;
      })}
    </g>
  );
}

/** Messages of each minute of the last hour, by where they came. */
export function ReceiptChart({ bins, nodes }: { readonly bins: readonly ReceiptBin[]; readonly nodes: readonly string[] }) {
  const { t, language } = useText();
  const max = niceMax(Math.max(0, ...bins.map(sumOf)));
  // The newest minute is not over yet.
  const now = sumOf(bins.at(-2) ?? { atMs: 0, both: 0, only: [] });
  const only = bins.reduce((sum, bin) => sum + bin.only.reduce((part, each) => part + each, 0), 0);
  const at = (bin: ReceiptBin | undefined) => (bin === undefined ? '' : clockTime(new Date(bin.atMs)).slice(0, 5));
  return (
    <section className="panel rate" data-testid="receipt-chart">
      <div className="rate-head">
        <h2>{t('receiving.chart')}</h2>
        <strong className="tabular">{t('receiving.lastMinute', { count: integer(now, language) })}</strong>
        <span className="grow" />
        <div className="legend" aria-hidden="true">
          <span>
            <i className="swatch receipt-bg-both" /> {t('receiving.both')}
          </span>
          {nodes.map((node, index) => (
            <span key={node}>
              <i className={`swatch receipt-bg-${index === 0 ? 'first' : 'second'}`} /> {t('receiving.onlyAt', { node })}
            </span>
          ))}
        </div>
      </div>
      <div className="rate-plot">
        <div className="rate-scale tabular" aria-hidden="true">
          <span>{integer(max, language)}</span>
          <span>0</span>
        </div>
        <svg
          viewBox={`0 0 ${bins.length * STEP} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t('receiving.chartSummary', { now: integer(now, language), only: integer(only, language) })}
        >
          <line x1="0" x2={bins.length * STEP} y1={HEIGHT / 2} y2={HEIGHT / 2} className="rate-grid" />
          {bins.map((bin, index) => (
            <Bar key={bin.atMs} bin={bin} index={index} max={max} nodes={nodes} />
          ))}
        </svg>
      </div>
      <div className="rate-axis tabular" aria-hidden="true">
        <span>{at(bins[0])}</span>
        <span>{at(bins[Math.floor(bins.length / 2)])}</span>
        <span>{t('history.now')}</span>
      </div>
    </section>
  );
}
