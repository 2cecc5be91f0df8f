import type { SelfLevelName, SelfWatchView } from '@yosugara/protocol';
import { bytes } from '../i18n/format.js';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

/** A value of a watch, as somebody would say it. */
export function amountOf(value: number, unit: string, language: 'en' | 'ja'): string {
  if (unit === 'bytes') return bytes(value);
  if (unit === 'ratio') return `${round(value * 100, 1)} %`;
  if (unit === 'seconds') {
    const units = language === 'ja' ? ['秒', '分', '時間', '日'] : ['s', 'min', 'h', 'd'];
    const s = Math.abs(value);
    const sign = value < 0 ? '-' : '';
    if (s < 10) return `${sign}${round(s, 2)} ${units[0]}`;
    if (s < 2 * MINUTE_S) return `${sign}${Math.round(s)} ${units[0]}`;
    if (s < 2 * HOUR_S) return `${sign}${Math.round(s / MINUTE_S)} ${units[1]}`;
    if (s < 2 * DAY_S) return `${sign}${round(s / HOUR_S, 1)} ${units[2]}`;
    return `${sign}${Math.floor(s / DAY_S)} ${units[3]}`;
  }
  return new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 }).format(value);
}

/** The limit that would be reached next, or that was reached: what the value is to be compared with. null = it has none. */
export function nextLimit({
  limits,
  level,
}: Pick<SelfWatchView, 'limits' | 'level'>): { readonly level: SelfLevelName; readonly value: number } | null {
  const order = ['notice', 'warning', 'critical'] as const;
  const from = level === 'ok' ? 0 : order.indexOf(level);
  const beyond = order.slice(from).find((each) => limits[each] !== null) ?? order.findLast((each) => limits[each] !== null);
  return beyond === undefined ? null : { level: beyond, value: limits[beyond]! };
}

/** How near the next limit is, 0 to 1; null where that cannot be drawn. */
export function fullness(watch: Pick<SelfWatchView, 'limits' | 'level' | 'value' | 'worse'>): number | null {
  const worst = watch.limits.critical ?? watch.limits.warning ?? watch.limits.notice;
  if (worst === null || watch.value === null || worst <= 0 || watch.worse === 'below') return null;
  return Math.min(1, Math.max(0, watch.value / worst));
}

export function matching(watches: readonly SelfWatchView[], text: string, onlyBad: boolean): readonly SelfWatchView[] {
  const words = text.toLowerCase();
  return watches.filter(
    ({ watch, item, what, says, level }) =>
      (!onlyBad || level !== 'ok') && `${watch} ${item} ${what} ${says ?? ''}`.toLowerCase().includes(words),
  );
}
