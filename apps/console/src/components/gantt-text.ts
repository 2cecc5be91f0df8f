import { age, duration, localTime } from '../i18n/format.js';
import type { Translate } from '../i18n/translate.js';
import { named } from '../i18n/translate.js';
import { type Bar, type GanttRow } from './gantt-model.js';

export function barText(bar: Bar, row: GanttRow, t: Translate, language: 'en' | 'ja'): string {
  const state = bar.state === 'planned' ? t('gantt.planned') : named(t, 'jobState', bar.state);
  const end = bar.how?.endStatus == null ? '' : named(t, 'endStatus', bar.how.endStatus);
  const from = localTime(new Date(bar.fromMs).toISOString());
  const took = bar.isPlanned ? '' : duration(bar.toMs - bar.fromMs, language);
  const late = bar.lateMs === null ? '' : lateText(bar.lateMs, t, language);
  return [bar.job ?? bar.session ?? row.label, state, end, from, took, late].filter(Boolean).join(', ');
}

export const lateText = (lateMs: number, t: Translate, language: 'en' | 'ja'): string =>
  lateMs === 0 ? t('gantt.late') : t('gantt.lateBy', { time: age(lateMs, language) });
