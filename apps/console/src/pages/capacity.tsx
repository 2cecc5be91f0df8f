import '../capacity.js';
import { Alert, Loader, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { CapacityRow } from '@yosugara/protocol';
import { Link } from 'react-router';
import { api, serverNowMs } from '../api/client.js';
import { advisedOf, seriesTextOf, sparkOf } from '../components/capacity-model.js';
import { ColumnHead } from '../components/column-head.js';
import { FilterBar } from '../components/filter-bar.js';
import { ChevronIcon } from '../components/icons.js';
import { SelfLevelBadge } from '../components/self-level.js';
import { amountOf } from '../components/self-model.js';
import { Time } from '../components/time.js';
import { usePageAddress } from '../components/use-page-address.js';
import { useToggled } from '../components/use-toggled.js';
import { age, clockTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named, type Translate } from '../i18n/translate.js';

const EVERY_MS = 30_000;
const keyOf = ({ resource, node, item }: CapacityRow) => `${resource} ${node} ${item}`;

function Use({ row }: { readonly row: CapacityRow }) {
  const { language } = useText();
  const { share, level, used, limit, unit } = row;
  return (
    <span className="capacity-use">
      <span className="meter" aria-hidden="true">
        {share !== null && (
          <i className={`meter-fill meter-${level}`} style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }} />
        )}
      </span>
      <strong className="tabular nowrap">{share === null ? '–' : `${Math.round(share * 100)} %`}</strong>
      <span className="dim tabular nowrap">
        {used === null ? '–' : amountOf(used, unit, language)}
        {limit !== null && ` / ${amountOf(limit, unit, language)}`}
      </span>
    </span>
  );
}

const [WIDTH, HEIGHT] = [120, 24];

/** The last hours; its height is from nothing to the limit, or to the most there was. */
function Spark({ row, name }: { readonly row: CapacityRow; readonly name: string }) {
  const { t } = useText();
  const line = sparkOf(row, WIDTH, HEIGHT);
  return (
    <svg className="capacity-spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('capacity.history', { name })}>
      {line !== '' && <polyline points={line} className={`capacity-line-${row.level}`} />}
    </svg>
  );
}

function whenOf({ full }: CapacityRow, t: Translate, language: 'en' | 'ja'): string {
  const nowMs = serverNowMs();
  if (full.kind === 'full' && full.at !== null) {
    const ms = Date.parse(full.at) - nowMs;
    return ms <= 0 ? t('capacity.now') : t('capacity.in', { time: age(ms, language) });
  }
  if (full.kind === 'far' && full.at !== null)
    return t('capacity.notWithin', { time: age(Date.parse(full.at) - nowMs, language) });
  return t(full.kind === 'never' ? 'capacity.never' : 'capacity.unknown');
}

function More({ row }: { readonly row: CapacityRow }) {
  const { t, language } = useText();
  const { full, perDay, peak, unit, resource } = row;
  const amounts = (value: number | null) => (value === null ? '–' : amountOf(value, unit, language));
  return (
    <dl className="pairs self-more">
      {full.kind === 'full' && full.earliest !== null && (
        <div className="pair">
          <dt>{t('capacity.between')}</dt>
          <dd>
            <Time iso={full.earliest} /> – {full.latest === null ? '?' : <Time iso={full.latest} />}
          </dd>
        </div>
      )}
      <div className="pair">
        <dt>{t('capacity.perDay')}</dt>
        <dd className="tabular">{amounts(perDay)}</dd>
      </div>
      <div className="pair">
        <dt>{t('capacity.peak')}</dt>
        <dd className="tabular">{amounts(peak)}</dd>
      </div>
      {full.seconds !== null && (
        <div className="pair">
          <dt>{t('capacity.seen')}</dt>
          <dd>{age(full.seconds * 1_000, language)}</dd>
        </div>
      )}
      <div className="pair">
        <dt>{t('capacity.todo')}</dt>
        <dd>{named(t, 'capacityAdvice', resource)}</dd>
      </div>
      <div className="pair">
        <dt>{t('capacity.graph')}</dt>
        <dd>
          <Link to={`/graphs?facility=INTERNAL&text=${encodeURIComponent(seriesTextOf(row))}`}>{t('capacity.openGraph')}</Link>
        </dd>
      </div>
      <div className="pair">
        <dt>{t('self.manual')}</dt>
        <dd className="mono">{row.manual}</dd>
      </div>
    </dl>
  );
}

function Row({ row, isOpen, onToggle }: { readonly row: CapacityRow; readonly isOpen: boolean; readonly onToggle: () => void }) {
  const { t, language } = useText();
  const { resource, node, item, level, full } = row;
  const name = `${named(t, 'capacityOf', resource)} ${visible(item)}`.trim();
  return (
    <li className={isOpen ? 'self-item open' : 'self-item'} data-testid="capacity-row" data-resource={resource} data-node={node}>
      <div className="capacity-row">
        <SelfLevelBadge level={level} />
        <button type="button" className="self-name link-button" aria-expanded={isOpen} onClick={onToggle} data-row>
          <ChevronIcon open={isOpen} /> {name} <span className="dim">{node === '' ? t('capacity.ofCluster') : node}</span>
        </button>
        <Use row={row} />
        <Spark row={row} name={name} />
        <span className="capacity-when tabular">
          {full.kind === 'full' && full.at !== null ? (
            <Time iso={full.at} text={whenOf(row, t, language)} />
          ) : (
            whenOf(row, t, language)
          )}
        </span>
        <span className="dim nowrap">{full.confidence !== null && t(`capacity.sure.${full.confidence}`)}</span>
      </div>
      {isOpen && <More row={row} />}
    </li>
  );
}

/** What fills up when. */
export function CapacityPage() {
  const { t } = useText();
  const { address, put } = usePageAddress();
  const [opened, toggle] = useToggled();
  const { data, error } = useQuery({
    queryKey: ['capacity'],
    queryFn: ({ signal }) => api.capacity(signal),
    refetchInterval: EVERY_MS,
  });
  const onlyFilling = address.get('filling') === 'true';
  const rows = (data?.rows ?? []).filter((row) => !onlyFilling || advisedOf(row));
  return (
    <div className="cluster-page" data-testid="capacity-page">
      <div className="page-head">
        <h1>{t('capacity.title')}</h1>
        {data !== undefined && <span className="dim tabular">{t('cluster.asOf', { time: clockTime(new Date(data.at)) })}</span>}
      </div>
      <FilterBar error={error}>
        <Switch
          label={t('capacity.onlyFilling')}
          checked={onlyFilling}
          onChange={(event) => put({ filling: event.currentTarget.checked ? 'true' : '' }, { replace: true })}
          data-testid="capacity-only-filling"
        />
      </FilterBar>
      {data === undefined && error === null && <Loader size="sm" />}
      {data !== undefined && data.rows.length === 0 && <Alert color="blue">{t('capacity.notYet')}</Alert>}
      {data !== undefined && data.rows.length > 0 && rows.length === 0 && <p className="empty">{t('capacity.noneFills')}</p>}
      {rows.length > 0 && (
        <section className="panel self-panel">
          <ColumnHead
            rows="capacity-row"
            columns={[
              ...[t('self.level'), t('capacity.what'), t('capacity.use'), t('capacity.course')],
              ...[t('capacity.when'), t('capacity.confidence')],
            ]}
          />
          <ul className="self-list" aria-label={t('capacity.title')}>
            {rows.map((row) => (
              <Row key={keyOf(row)} row={row} isOpen={opened.has(keyOf(row))} onToggle={() => toggle(keyOf(row))} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
