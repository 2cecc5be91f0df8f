import type { Status } from '@yosugara/protocol';
import type { ReactNode } from 'react';
import { age, bytes, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { type NodeStatus, powerOf, toneOf } from './cluster-model.js';
import { Said } from './said.js';

function Fact({
  name,
  children,
  tone,
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly tone?: 'good' | 'bad' | 'busy' | undefined;
}) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className={tone === undefined ? undefined : `text-${tone}`}>{children}</dd>
    </div>
  );
}

function ReceiverFact({ node }: { readonly node: NodeStatus }) {
  const { t, language } = useText();
  const receiver = node.receiver;
  if (receiver === null) return <span data-testid={`node-${node.name}-receiver`}>{t('node.receiverUnknown')}</span>;
  const behind = receiver.behindPeer > 0;
  return (
    <span data-testid={`node-${node.name}-receiver`}>
      {receiver.up ? (
        t('node.received', { count: integer(receiver.received, language) })
      ) : (
        <span className="text-bad">{t('node.receiverDown')}</span>
      )}
      {' · '}
      <span className={behind ? 'text-busy' : undefined}>
        {behind ? t('node.behindPeer', { count: integer(receiver.behindPeer, language) }) : t('node.level')}
      </span>
    </span>
  );
}

/** Could its power be cut if it had to be? As each other node last asked the devices. */
function PowerFact({ node, power }: { readonly node: string; readonly power: ReturnType<typeof powerOf> }) {
  const { t, language } = useText();
  return (
    <span data-testid={`node-${node}-power`}>
      {power.map(({ by, healthy, ageMs, says }) => (
        <span key={by} title={says} className="block">
          {t(healthy ? 'node.powerAnswers' : 'node.powerBroken', { by, age: age(ageMs, language) })}
        </span>
      ))}
    </span>
  );
}

interface NodeFactsProps {
  readonly node: NodeStatus;
  readonly epoch: number;
  readonly isMaster: boolean;
  readonly power: ReturnType<typeof powerOf>;
}

function NodeFacts({ node, epoch, isMaster, power }: NodeFactsProps) {
  const { t } = useText();
  const solo = node.role === 'MASTER_SOLO';
  const dash = '–';
  return (
    <dl className="facts">
      <Fact name={t('node.sync')} tone={solo ? 'busy' : node.syncSet ? 'good' : 'bad'}>
        <span data-testid={`node-${node.name}-sync`}>
          {t(solo ? 'node.solo' : node.syncSet ? 'node.inSync' : 'node.notInSync')}
        </span>
      </Fact>
      <Fact name={t('node.lag')}>
        <span data-testid={`node-${node.name}-lag`}>{isMaster || node.lagBytes === null ? dash : bytes(node.lagBytes)}</span>
      </Fact>
      <Fact name={t('cluster.epoch')}>{isMaster ? epoch : dash}</Fact>
      <Fact name={t('node.postgres')}>
        <span data-testid={`node-${node.name}-postgres`}>{node.postgres}</span>
        {node.lsn === null ? null : <span className="mono dim"> {node.lsn}</span>}
      </Fact>
      <Fact name={t('node.timeline')}>{node.timeline ?? dash}</Fact>
      <Fact name={t('node.receiver')} tone={node.receiver?.up === false ? 'bad' : undefined}>
        <ReceiverFact node={node} />
      </Fact>
      <Fact name={t('node.deadMan')}>{node.deadMan === '' ? dash : named(t, 'deadMan', node.deadMan)}</Fact>
      {power.length > 0 && (
        <Fact name={t('node.power')} tone={power.every(({ healthy }) => healthy) ? 'good' : 'bad'}>
          <PowerFact node={node.name} power={power} />
        </Fact>
      )}
    </dl>
  );
}

/** One node as it is: role first, then what an operator looks at before trusting it. */
export function NodeCard({ node, status }: { readonly node: NodeStatus; readonly status: Status }) {
  const { t } = useText();
  const tone = toneOf(node);
  const isMaster = status.master === node.name;
  return (
    <section
      className={`card node tone-${tone}`}
      aria-label={t('node.label', { name: node.name })}
      data-testid={`node-${node.name}`}
      data-reachable={node.reachable}
    >
      <header className="card-head">
        <span className="node-name">{node.name}</span>
        <div className="node-where">
          <span className="mono">{node.address}</span>
          <span className="dim">{t('node.zone', { zone: node.zone })}</span>
        </div>
        {node.vip && (
          <span
            className="vip"
            data-testid={`node-${node.name}-vip`}
            title={t('node.holdsVip', { address: status.vip?.address ?? '' })}
          >
            {t('node.vip')} <span className="mono">{status.vip?.address}</span>
          </span>
        )}
      </header>
      <div className="role-line">
        <span className={`role-dot bg-${tone}`} aria-hidden="true" />
        <strong className="role" data-testid={`node-${node.name}-role`} data-role={node.role} title={node.role}>
          {named(t, 'role', node.role)}
        </strong>
        <code className="role-code">{node.role}</code>
        {!node.reachable && node.role !== 'UNKNOWN' && <span className="pill pill-bad">{t('node.unreachable')}</span>}
      </div>
      <p className="why" title={node.why}>
        <Said text={node.why} />
      </p>
      <NodeFacts node={node} epoch={status.epoch} isMaster={isMaster} power={powerOf(status, node.name)} />
    </section>
  );
}

export function ArbiterCard({ arbiter }: { readonly arbiter: NonNullable<Status['arbiter']> }) {
  const { t } = useText();
  return (
    <section
      className={`card arbiter tone-${arbiter.voting ? 'good' : 'bad'}`}
      aria-label={t('arbiter.label', { name: arbiter.name })}
      data-testid="arbiter"
    >
      <header className="card-head">
        <span className="node-name">{arbiter.name}</span>
        <div className="node-where">
          <span className="mono">{arbiter.address}</span>
          <span className="dim">{t('node.zone', { zone: arbiter.zone })}</span>
        </div>
      </header>
      <div className="role-line">
        <span className={`role-dot bg-${arbiter.voting ? 'good' : 'bad'}`} aria-hidden="true" />
        <strong>{t('arbiter.role')}</strong>
        <span className={arbiter.voting ? 'text-good' : 'text-bad'} data-testid="arbiter-voting">
          {t(arbiter.voting ? 'arbiter.voting' : 'arbiter.notVoting')}
        </span>
      </div>
    </section>
  );
}
