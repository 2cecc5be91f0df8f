import { Table } from '@mantine/core';
import type { IngestSummary } from '@yosugara/protocol';
import { bytes, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { Time } from './time.js';

type Receiver = IngestSummary['receivers'][number];

/** Reasons that a table above or below tells already. */
const TOLD = new Set(['journal']);

function Losses({ state }: { readonly state: NonNullable<Receiver['state']> }) {
  const { t, language } = useText();
  const losses = [
    ['kernel', state.kernelDrops] as const,
    ['journalFull', state.journalFull ?? 0] as const,
    ['journalBacklog', state.journalBacklog ?? 0] as const,
    ...Object.entries(state.refused).filter(([reason]) => !TOLD.has(reason)),
  ].filter(([, count]) => count > 0);
  if (losses.length === 0) return <p className="dim">{t('receiving.nothingRefused')}</p>;
  return (
    <ul className="receipt-losses">
      {losses.map(([reason, count]) => (
        <li key={reason} data-testid="receiver-loss" data-reason={reason}>
          <strong className="tabular">{integer(count, language)}</strong> {named(t, 'refusal', reason)}
        </li>
      ))}
    </ul>
  );
}

type Place = Pick<NonNullable<Receiver['state']>['listeners'][number], 'protocol' | 'address' | 'port' | 'listener'>;

function PlaceCell({ of: { protocol, address, port, listener } }: { readonly of: Place }) {
  const { t } = useText();
  return (
    <Table.Td className="mono nowrap">
      {protocol} {address}:{port}
      {listener === 'vip' && ` (${t('receiving.vip')})`}
    </Table.Td>
  );
}

/** One receiver since it started: what it took in, by listener, and what it did not. */
export function ReceiverPanel({ receiver: { node, state } }: { readonly receiver: Receiver }) {
  const { t, language } = useText();
  if (state === null)
    return (
      <section className="panel" data-testid="receiver-panel" data-node={node}>
        <h2>{t('receiving.receiver', { node })}</h2>
        <p className="dim">{t('receiving.notHeard')}</p>
      </section>
    );
  return (
    <section className="panel" data-testid="receiver-panel" data-node={node}>
      <h2>{t('receiving.receiver', { node })}</h2>
      <p className="dim">
        {t('receiving.sinceStart', { count: integer(state.received, language), size: bytes(state.journalBytes) })}{' '}
        {state.since !== null && <Time iso={state.since} />}
      </p>
      <Losses state={state} />
      <Table withRowBorders={false} verticalSpacing={2} fz="xs" className="receipt-table">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('receiving.listener')}</Table.Th>
            <Table.Th className="number">{t('receiving.received')}</Table.Th>
            <Table.Th className="number">{t('receiving.refused')}</Table.Th>
            <Table.Th className="number">{t('receiving.kernelDrops')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {state.listeners.map((listener) => {
            const refused = Object.values(listener.refused).reduce((sum, each) => sum + each, 0);
            return (
              <Table.Tr key={`${listener.protocol} ${listener.address} ${listener.port}`}>
                <PlaceCell of={listener} />
                <Table.Td className="number tabular">{integer(listener.received, language)}</Table.Td>
                <Table.Td className={refused > 0 ? 'number tabular receipt-bad' : 'number tabular'}>
                  {integer(refused, language)}
                </Table.Td>
                <Table.Td className={(listener.kernelDrops ?? 0) > 0 ? 'number tabular receipt-bad' : 'number tabular'}>
                  {listener.kernelDrops === null ? '?' : integer(listener.kernelDrops, language)}
                </Table.Td>
              </Table.Tr>
            );
          })}
          {(state.listenersAway ?? []).map((away) => (
            <Table.Tr key={`away ${away.protocol} ${away.address} ${away.port}`} data-testid="receiver-away">
              <PlaceCell of={away} />
              <Table.Td colSpan={3} className="receipt-bad">
                {t('receiving.away', { seconds: integer(Math.round(away.forSeconds), language), why: away.why })}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
