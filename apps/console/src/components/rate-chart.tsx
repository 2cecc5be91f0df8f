import { BIN_MS, BINS, type Bin, RATE_GROUPS } from '../api/rate.js';
import { clockTime, rate } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const HEIGHT = 64;
const STEP = 10;
const WIDTH = BINS * STEP;

/** The next round figure above, so that the scale does not jump with every message. */
export function niceMax(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 5, 10]) if (value <= factor * power) return factor * power;
  return value;
}

function Bar({ bin, index, max }: { readonly bin: Bin; readonly index: number; readonly max: number }) {
  const { t } = useText();
  let y = HEIGHT;
  const perSecond = (count: number) => count / (BIN_MS / 1000);
  return (
    <g>
      <rect x={index * STEP} y={0} width={STEP} height={HEIGHT} className="rate-hit">
        <title>{t('rate.bin', { time: clockTime(new Date(bin.atMs)), rate: rate(perSecond(bin.total)) })}</title>
      </rect>
      {/* Debug at the bottom, errors on top: what matters is seen first. */}
      {RATE_GROUPS.toReversed().map((group) => {
        const height = (perSecond(bin.counts[group]) / max) * HEIGHT;
        if (height === 0) return null;
        y -= height;
        return <rect key={group} x={index * STEP + 1} y={y} width={STEP - 2} height={height} className={`rate-${group}`} />;
      })}
    </g>
  );
}

/** Stacked bars, five seconds each, the last five minutes. */
export function RateChart({ bins, coveredFromMs }: { readonly bins: readonly Bin[]; readonly coveredFromMs: number }) {
  const { t } = useText();
  const perSecond = bins.map((bin) => bin.total / (BIN_MS / 1000));
  const highest = Math.max(0, ...perSecond);
  const max = niceMax(highest);
  // The newest bin is not over yet; the one before it is what "now" can say.
  const now = perSecond.at(-2) ?? 0;
  const first = bins[0];
  const unread = bins.filter((bin) => bin.atMs + BIN_MS <= coveredFromMs).length;
  const middle = bins[Math.floor(bins.length / 2)];
  return (
    <section className="panel rate" data-testid="rate-chart">
      <div className="rate-head">
        <h2>{t('rate.title')}</h2>
        <strong className="tabular">{t('rate.now', { rate: rate(now) })}</strong>
        <span className="grow" />
        <div className="legend" aria-hidden="true">
          {RATE_GROUPS.map((group) => (
            <span key={group}>
              <i className={`swatch rate-bg-${group}`} /> {t(`rate.${group}`)}
            </span>
          ))}
        </div>
      </div>
      <div className="rate-plot">
        <div className="rate-scale tabular" aria-hidden="true">
          <span>{rate(max)}/s</span>
          <span>0</span>
        </div>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t('rate.summary', { now: rate(now), max: rate(highest) })}
        >
          <line x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} className="rate-grid" />
          {unread > 0 && (
            <rect x={0} y={0} width={unread * STEP} height={HEIGHT} className="rate-unread">
              <title>{t('rate.unread', { time: clockTime(new Date(coveredFromMs)) })}</title>
            </rect>
          )}
          {bins.map((bin, index) => (
            <Bar key={bin.atMs} bin={bin} index={index} max={max} />
          ))}
        </svg>
      </div>
      <div className="rate-axis tabular" aria-hidden="true">
        <span>{first === undefined ? '' : clockTime(new Date(first.atMs))}</span>
        <span>{middle === undefined ? '' : clockTime(new Date(middle.atMs))}</span>
        <span>{t('history.now')}</span>
      </div>
    </section>
  );
}
