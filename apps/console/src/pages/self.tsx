import '../operations.js';
import { Alert, Loader, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SelfWatchView } from '@yosugara/protocol';
import { api, serverNowMs } from '../api/client.js';
import { ColumnHead } from '../components/column-head.js';
import { FilterBar } from '../components/filter-bar.js';
import { ChevronIcon } from '../components/icons.js';
import { RunbookLink } from '../components/runbook-link.js';
import { SelfLevelBadge } from '../components/self-level.js';
import { amountOf, fullness, matching, nextLimit } from '../components/self-model.js';
import { Time } from '../components/time.js';
import { Typed } from '../components/typed.js';
import { useNow } from '../components/use-now.js';
import { usePageAddress } from '../components/use-page-address.js';
import { useToggled } from '../components/use-toggled.js';
import { age, clockTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { WATCHES_JA } from '../i18n/watches-ja.js';

const EVERY_MS = 5_000;

function Value({ watch }: { readonly watch: SelfWatchView }) {
  const { t, language } = useText();
  const share = fullness(watch);
  const limit = nextLimit(watch);
  return (
    <>
      <span className="self-value">
        <strong className="tabular">
          {watch.value === null
            ? '–'
            : watch.unit === 'level'
              ? t(`selfLevel.${watch.level}`)
              : amountOf(watch.value, watch.unit, language)}
        </strong>
        {share !== null && (
          <span className="meter" aria-hidden="true">
            <i className={`meter-fill meter-${watch.level}`} style={{ width: `${share * 100}%` }} />
          </span>
        )}
      </span>
      <span className="self-limit dim tabular nowrap">
        {limit !== null &&
          watch.unit !== 'level' &&
          t(watch.worse === 'above' ? 'self.from' : 'self.below', {
            level: named(t, 'selfLevel', limit.level),
            value: amountOf(limit.value, watch.unit, language),
          })}
      </span>
    </>
  );
}

function Row({
  watch,
  isOpen,
  onToggle,
}: {
  readonly watch: SelfWatchView;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  const { t, language } = useText();
  const { since, says, item, note, todo, runbook, of } = watch;
  const what = language === 'ja' ? (WATCHES_JA[watch.watch] ?? watch.what) : watch.what;
  const nowMs = serverNowMs();
  return (
    <li
      className={isOpen ? 'self-item open' : 'self-item'}
      data-testid="self-row"
      data-watch={watch.watch}
      data-level={watch.level}
    >
      <div className="self-row">
        <SelfLevelBadge level={watch.level} />
        <button type="button" className="self-name link-button" aria-expanded={isOpen} onClick={onToggle} data-row>
          <ChevronIcon open={isOpen} /> {watch.watch}
          {item !== '' && <span className="dim"> {visible(item)}</span>}
        </button>
        <Value watch={watch} />
        <span className="self-says clip" title={visible(says ?? what)}>
          {says === null ? <span className="dim">{what}</span> : visible(says)}
        </span>
        <span className="self-since dim tabular nowrap">
          {since !== null && <Time iso={since} text={age(nowMs - Date.parse(since), language)} />}
        </span>
      </div>
      {isOpen && (
        <dl className="pairs self-more">
          <div className="pair">
            <dt>{t('self.what')}</dt>
            <dd>
              {what} ({t(`self.of.${of}`)})
            </dd>
          </div>
          {says !== null && (
            <div className="pair">
              <dt>{t('self.says')}</dt>
              <dd>{visible(says)}</dd>
            </div>
          )}
          {since !== null && (
            <div className="pair">
              <dt>{t('self.since')}</dt>
              <dd>
                <Time iso={since} />
              </dd>
            </div>
          )}
          {note !== '' && (
            <div className="pair">
              <dt>{t('self.note')}</dt>
              <dd>{visible(note)}</dd>
            </div>
          )}
          <div className="pair">
            <dt>{t('self.todo')}</dt>
            <dd>{todo}</dd>
          </div>
          <div className="pair">
            <dt>{t('self.manual')}</dt>
            <dd>
              <RunbookLink runbook={runbook} />
            </dd>
          </div>
        </dl>
      )}
    </li>
  );
}

/** What the manager watches of itself. */
export function SelfPage() {
  const { t } = useText();
  const { address, put: putParts } = usePageAddress();
  const [turned, turn] = useToggled();
  const { data, error } = useQuery({ queryKey: ['self'], queryFn: ({ signal }) => api.self(signal), refetchInterval: EVERY_MS });
  useNow(5_000);
  const text = address.get('text') ?? '';
  const onlyBad = address.get('bad') === 'true';
  const put = (key: string, value: string) => putParts({ [key]: value }, { replace: true });
  const shown = matching(data?.watches ?? [], text, onlyBad);
  const keyOf = ({ watch, item }: SelfWatchView) => (item === '' ? watch : `${watch} ${item}`);
  // What the address names is open until somebody turns it over.
  const isOpen = (watch: SelfWatchView) => (watch.watch === address.get('watch')) !== turned.has(keyOf(watch));
  return (
    <div className="cluster-page" data-testid="self-page">
      <div className="page-head">
        <h1>{t('self.title')}</h1>
        {data !== undefined && (
          <span className="dim tabular">
            {t('self.seenBy', { node: data.node })}
            {data.at !== null && ` · ${t('cluster.asOf', { time: clockTime(new Date(data.at)) })}`}
          </span>
        )}
      </div>
      <FilterBar error={error}>
        <Typed
          className="f-text"
          label={t('messages.text')}
          placeholder={t('self.textHint')}
          value={text}
          onValue={(value) => put('text', value)}
          testId="self-text"
        />
        <Switch
          label={t('self.onlyBad')}
          checked={onlyBad}
          onChange={(event) => put('bad', event.currentTarget.checked ? 'true' : '')}
          data-testid="self-only-bad"
        />
      </FilterBar>
      {(data?.pending ?? 0) > 0 && <Alert color="yellow">{t('self.pending', { count: data!.pending })}</Alert>}
      {data === undefined && error === null && <Loader size="sm" />}
      {data !== undefined && shown.length === 0 && (
        <p className="empty">{t(data.at === null ? 'self.notYet' : 'self.noneFound')}</p>
      )}
      {shown.length > 0 && (
        <section className="panel self-panel">
          <ColumnHead
            rows="self-row"
            columns={[t('self.level'), t('self.watch'), t('self.value'), t('self.limit'), t('self.what'), t('self.since')]}
          />
          <ul className="self-list" aria-label={t('self.title')}>
            {shown.map((watch) => (
              <Row
                key={`${watch.watch} ${watch.item}`}
                watch={watch}
                isOpen={isOpen(watch)}
                onToggle={() => turn(keyOf(watch))}
              />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
