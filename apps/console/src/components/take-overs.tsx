import type { TakeOverRow } from '@yosugara/protocol';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { age, bytes, duration } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { proofParts } from './cluster-model.js';
import { Failed } from './failed.js';
import { ChevronIcon } from './icons.js';
import { MorePages } from './more-pages.js';
import { Said } from './said.js';
import { eventsOf, withoutMasterMs } from './take-over-model.js';
import { TakeOverTimeline } from './take-over-timeline.js';
import { Time } from './time.js';
import { usePageAddress } from './use-page-address.js';
import { useTakeOvers } from './use-take-overs.js';

function Recovered({ row: { recover, at } }: { readonly row: TakeOverRow }) {
  const { t, language } = useText();
  if (recover === null) return <span className="dim">{t('takeOver.notRecovered')}</span>;
  const backMs = Date.parse(recover.endedAt ?? recover.startedAt) - Date.parse(at);
  const method = recover.method === null ? t('report.none') : named(t, 'method', recover.method);
  return (
    <span data-testid="take-over-recover">
      {t('takeOver.recoveredBy', { time: age(backMs, language), method, took: duration(recover.totalMs, language) })}
      {recover.discarded !== null && ` · ${t('report.discarded')}: ${bytes(recover.discarded.bytes)}`}
    </span>
  );
}

function Detail({ row }: { readonly row: TakeOverRow }) {
  const { t } = useText();
  const { code, evidence } = proofParts(row.proof ?? '');
  return (
    <div className="take-over-detail">
      {row.seen === null ? <p className="dim">{t('takeOver.unseen')}</p> : <TakeOverTimeline seen={row.seen} />}
      <dl className="pairs">
        <dt>{t('takeOver.cause')}</dt>
        <dd>
          <Said text={row.cause} />
        </dd>
        <dt>{t('takeOver.proof')}</dt>
        <dd>
          {row.proof === null && '–'}
          {code !== null && (
            <>
              <code>{code}</code> {named(t, 'proof', code)}{' '}
            </>
          )}
          {evidence !== '' && <Said text={evidence} className="dim" />}
        </dd>
        <dt>{t('takeOver.loss')}</dt>
        <dd className={row.loss === 'none' ? undefined : 'text-bad'} data-testid="take-over-loss">
          {t(`takeOver.loss.${row.loss}`)}
        </dd>
        <dt>{t('takeOver.recovered')}</dt>
        <dd>
          <Recovered row={row} />
        </dd>
        <dt>{t('takeOver.timeline')}</dt>
        <dd className="tabular">{row.timeline ?? '–'}</dd>
      </dl>
      <p className="take-over-links" data-testid="take-over-links">
        <Link to={eventsOf(row)} data-testid="take-over-events">
          {t('takeOver.events')}
        </Link>
        <Link to={`/cluster?takeover=${row.epoch}`}>{t('takeOver.link')}</Link>
      </p>
    </div>
  );
}

function Row({ row, isOpen, onToggle }: { readonly row: TakeOverRow; readonly isOpen: boolean; readonly onToggle: () => void }) {
  const { t, language } = useText();
  const without = withoutMasterMs(row.seen);
  return (
    <li className={isOpen ? 'take-over open' : 'take-over'} data-testid="take-over" data-epoch={row.epoch}>
      <button type="button" className="take-over-row" aria-expanded={isOpen} onClick={onToggle} data-row>
        <ChevronIcon open={isOpen} />
        <span className={`take-over-kind kind-${row.kind}`}>{t(`takeOver.kind.${row.kind}`)}</span>
        <strong className="nowrap">{row.from === null ? row.owner : `${row.from} → ${row.owner}`}</strong>
        <Time iso={row.at} />
        <span className="dim tabular">{t('takeOver.epoch', { epoch: row.epoch })}</span>
        <span className="grow" />
        {without !== null && <span className="tabular">{t('takeOver.without', { time: duration(without, language) })}</span>}
      </button>
      {isOpen && <Detail row={row} />}
    </li>
  );
}

/** Past changes of Master, newest first; the one that is open is in the address. */
export function TakeOvers() {
  const { t } = useText();
  const { address, put } = usePageAddress();
  const opened = address.get('takeover');
  const found = useTakeOvers();
  const rows = (found.data?.pages ?? []).flatMap((page) => page.rows);
  const named = useRef(opened);
  // Whoever was sent the address of one looks for it: it lies below the fold.
  useEffect(() => {
    if (named.current === null || rows.length === 0) return;
    document.querySelector(`[data-testid=take-over][data-epoch="${CSS.escape(named.current)}"]`)?.scrollIntoView();
    named.current = null;
  }, [rows.length]);
  return (
    <section className="panel" data-testid="take-overs">
      <h2>{t('takeOver.title')}</h2>
      <Failed error={found.data === undefined ? found.error : null} />
      {found.data !== undefined && rows.length === 0 && <p className="dim">{t('takeOver.none')}</p>}
      <ul className="take-over-list" aria-label={t('takeOver.title')}>
        {rows.map((row) => (
          <Row
            key={row.epoch}
            row={row}
            isOpen={opened === String(row.epoch)}
            onToggle={() => put({ takeover: opened === String(row.epoch) ? null : String(row.epoch) }, { replace: true })}
          />
        ))}
      </ul>
      <MorePages of={found}>{t('takeOver.more')}</MorePages>
    </section>
  );
}
