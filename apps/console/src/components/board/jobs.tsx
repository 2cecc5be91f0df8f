import type { WidgetOf } from '@yosugara/protocol';
import { Link } from 'react-router';
import { jobsApi } from '../../api/jobs.js';
import { localTime, rowTime, visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { named } from '../../i18n/translate.js';
import { Time } from '../time.js';
import { useAsked, useBoard } from './board-context.js';
import { spanQuery } from './board-model.js';
import { useOverview } from './counts.js';
import { Frame } from './frame.js';

const to = (session: string) => `/jobs?session=${encodeURIComponent(session)}`;

/** Sessions that run, those that are late first; or those that failed in the time that the dashboard shows. */
export function JobsWidget({ widget }: { readonly widget: WidgetOf<'jobs'> }) {
  const { t } = useText();
  const { span } = useBoard();
  const query = new URLSearchParams({
    limit: String(widget.rows),
    ...(widget.jobUnit === '' ? {} : { unit: widget.jobUnit }),
    ...(widget.show === 'open' ? { open: 'true' } : { endStatus: 'abnormal', ...spanQuery(span, ['since', 'until']) }),
  }).toString();
  const asked = useAsked(['jobs', 'of widget', query], async (signal) => await jobsApi.sessions(query, signal));
  const late = new Set((useOverview().data?.jobs?.late ?? []).map(({ session }) => session));
  const isLate = (id: string) => widget.show === 'open' && late.has(id);
  const rows = [...(asked.data?.rows ?? [])].sort((one, other) => Number(isLate(other.id)) - Number(isLate(one.id)));
  return (
    <Frame widget={widget} asked={asked} empty={rows.length === 0 ? t(`board.noJobs.${widget.show}`) : null}>
      <ul className="plain-list widget-list">
        {rows.map(({ id, unit, state, scheduledAt }) => (
          <li key={id} data-testid="widget-job">
            <span className={isLate(id) || widget.show === 'failed' ? 'tag text-bad' : 'tag'}>
              {isLate(id) ? t('board.late') : widget.show === 'failed' ? t('board.failed') : named(t, 'jobState', state)}
            </span>
            <Link to={to(id)} className="clip grow">
              {visible(unit)}
            </Link>
            <span className="dim tabular nowrap">
              <Time iso={scheduledAt} text={rowTime(scheduledAt, Date.now()).slice(0, -4)} />
            </span>
          </li>
        ))}
      </ul>
    </Frame>
  );
}

/** What begins next. */
export function RunsWidget({ widget }: { readonly widget: WidgetOf<'runs'> }) {
  const { t } = useText();
  const query = new URLSearchParams({
    ...{ to: `${widget.hours}h`, limit: String(widget.rows) },
    ...(widget.jobUnit === '' ? {} : { unit: widget.jobUnit }),
  }).toString();
  const asked = useAsked(['jobs', 'plan', query], async (signal) => await jobsApi.plan(query, signal));
  const runs = asked.data?.runs ?? [];
  return (
    <Frame widget={widget} asked={asked} empty={runs.length === 0 ? t('board.noRuns', { hours: widget.hours }) : null}>
      <ul className="plain-list widget-list">
        {runs.map(({ at, trigger, unit, unitName, session }) => (
          <li key={`${at} ${trigger}`} data-testid="widget-run">
            <time dateTime={at} className="tabular nowrap">
              {localTime(at).slice(5, 16)}
            </time>
            {session === null ? (
              <span className="clip grow">{visible(unitName || unit)}</span>
            ) : (
              <Link to={to(session)} className="clip grow">
                {visible(unitName || unit)}
              </Link>
            )}
            <span className="dim clip widget-where">{visible(trigger)}</span>
          </li>
        ))}
      </ul>
    </Frame>
  );
}
