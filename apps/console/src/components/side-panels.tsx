import type { Status } from '@yosugara/protocol';
import type { ReactNode } from 'react';
import { useText } from '../i18n/language.js';
import { known, named } from '../i18n/translate.js';
import { byUrgency } from './cluster-model.js';
import { AlertIcon, CheckIcon } from './icons.js';
import { RunbookLink } from './runbook-link.js';
import { Said } from './said.js';

export function Alarms({ alarms }: { readonly alarms: Status['alarms'] }) {
  const { t } = useText();
  return (
    <section className="panel" data-testid="alarms">
      <h2>{t('cluster.alarms')}</h2>
      {alarms.length === 0 ? (
        <p className="alarm-none">
          <CheckIcon /> {t('cluster.noAlarms')}
        </p>
      ) : (
        <ul className="alarms">
          {byUrgency(alarms).map((alarm) => (
            <li
              key={`${alarm.code}-${alarm.text}`}
              className={`alarm alarm-${alarm.level}`}
              data-testid="alarm"
              data-level={alarm.level}
            >
              <AlertIcon />
              <div>
                {known('alarm', alarm.code) !== null && <strong>{named(t, 'alarm', alarm.code)}</strong>}
                <Said text={alarm.text} />
                <code>{alarm.code}</code>
                {alarm.runbook !== undefined && <RunbookLink runbook={alarm.runbook} />}
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Facts({ status }: { readonly status: Status }) {
  const { t } = useText();
  const phase = known('phase', status.phase);
  const timeline = status.nodes.find((node) => node.name === status.master)?.timeline ?? null;
  return (
    <section className="panel">
      <h2>{t('cluster.facts')}</h2>
      <dl className="facts">
        <Row name={t('cluster.epoch')}>
          <strong data-testid="epoch">{status.epoch}</strong>
        </Row>
        <Row name={t('cluster.phase')}>
          <span data-testid="phase" data-phase={status.phase}>
            {phase === null ? status.phase : t(phase)}
          </span>
        </Row>
        <Row name={t('cluster.timeline')}>
          <span data-testid="timeline">{timeline ?? '–'}</span>
        </Row>
        <Row name={t('cluster.vip')}>
          {status.vip === null ? (
            t('cluster.noVip')
          ) : (
            <>
              <span className="mono">{status.vip.address}</span> → {status.vip.holder ?? t('cluster.vipFree')}
            </>
          )}
        </Row>
        <Row name={t('cluster.leader')}>
          {status.leader ?? '–'} <span className="dim">({t('cluster.term', { term: status.term })})</span>
        </Row>
        <Row name={t('cluster.policy')}>{status.policy}</Row>
        <Row name={t('cluster.profile')}>{status.profile}</Row>
        <Row name={t('cluster.stopProofs')}>{status.stopProofs.join(', ')}</Row>
        <Row name={t('cluster.id')}>
          <span className="mono breakable">{status.clusterId}</span>
        </Row>
      </dl>
    </section>
  );
}
