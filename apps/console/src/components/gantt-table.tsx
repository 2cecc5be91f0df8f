import { duration, localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { type Bar, type GanttRow } from './gantt-model.js';
import { lateText } from './gantt-text.js';
import { JobStateBadge } from './job-state.js';
import { useNarrow } from './use-narrow.js';
import { VirtualList } from './virtual-list.js';

interface TableRow {
  readonly key: string;
  readonly name: string;
  readonly bar: Bar;
}

/** The same as the axis shows, one run a line, in order of time. Open runs have their jobs below them. */
export function tableRows(rows: readonly GanttRow[]): readonly TableRow[] {
  const lanes = rows
    .filter(({ kind }) => kind === 'unit')
    .flatMap(({ label, bars }) => bars.map((bar) => ({ key: bar.key, name: label, bar })));
  const jobs = rows
    .filter(({ kind }) => kind === 'job')
    .flatMap(({ bars }) => bars.map((bar) => ({ key: bar.key, name: bar.job ?? '', bar })));
  const within = new Map<string, TableRow[]>();
  for (const each of jobs) within.set(each.bar.session ?? '', [...(within.get(each.bar.session ?? '') ?? []), each]);
  return lanes
    .toSorted((one, other) => one.bar.fromMs - other.bar.fromMs)
    .flatMap((each) => [each, ...(each.bar.session === null ? [] : (within.get(each.bar.session) ?? []))]);
}

export function GanttTable({
  rows,
  onSession,
}: {
  readonly rows: readonly GanttRow[];
  readonly onSession: (session: string, job: string | null) => void;
}) {
  const { t, language } = useText();
  const isNarrow = useNarrow();
  const shown = tableRows(rows);
  const time = (ms: number) => localTime(new Date(ms).toISOString());
  return (
    <div className="table-place">
      <VirtualList
        items={shown}
        rowPx={isNarrow ? 54 : 32}
        keyOf={({ key }) => key}
        label={t('gantt.table')}
        testId="gantt-table"
        head={
          <div className="gantt-table-row head-row" aria-hidden="true">
            <span>{t('gantt.run')}</span>
            <span>{t('map.state')}</span>
            <span>{t('gantt.from')}</span>
            <span>{t('gantt.to')}</span>
            <span>{t('map.took')}</span>
            <span>{t('gantt.late')}</span>
          </div>
        }
        render={({ key, name, bar }, _, style) => (
          <div
            key={key}
            className={bar.job === null ? 'gantt-table-row' : 'gantt-table-row of-session'}
            style={style}
            data-testid="gantt-table-row"
          >
            <span className="gantt-run clip">
              {bar.session === null ? (
                <span className="clip">{visible(name)}</span>
              ) : (
                <>
                  <button
                    type="button"
                    className="link-button clip"
                    aria-label={`${visible(name)} ${bar.session}`}
                    onClick={() => onSession(bar.session!, bar.job)}
                  >
                    {visible(name)}
                  </button>{' '}
                  <span className="gantt-session dim">{bar.session}</span>
                </>
              )}
            </span>
            {bar.how === null ? <span className="dim">{t('gantt.planned')}</span> : <JobStateBadge how={bar.how} />}
            <span className="tabular nowrap">{time(bar.fromMs)}</span>
            <span className="tabular nowrap">{bar.isRunning || bar.isPlanned ? '' : time(bar.toMs)}</span>
            <span className="tabular nowrap">{bar.isPlanned ? '' : duration(bar.toMs - bar.fromMs, language)}</span>
            <span>{bar.lateMs === null ? '' : lateText(bar.lateMs, t, language)}</span>
          </div>
        )}
        foot={shown.length === 0 && <div className="empty">{t('gantt.empty')}</div>}
      />
    </div>
  );
}
