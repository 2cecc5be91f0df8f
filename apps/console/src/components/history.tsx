import { Table } from '@mantine/core';
import type { Status } from '@yosugara/protocol';
import { localTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { proofParts, reigns } from './cluster-model.js';
import { Said } from './said.js';
import { Time } from './time.js';
import { useNow } from './use-now.js';

const WIDTH = 1_000;
const BAR_HEIGHT = 20;
/** Where the axis carries a time, as a part of its length. */
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;

function axisLabel(ms: number, spanMs: number): string {
  const text = localTime(new Date(ms).toISOString());
  return spanMs > 2 * 86_400_000 ? text.slice(5, 10) : spanMs > 600_000 ? text.slice(11, 16) : text.slice(11);
}

/** One strip: who was Master when. A change is a white seam with the epoch above it. */
function ReignChart({ status }: { readonly status: Status }) {
  const { t } = useText();
  const now = useNow(10_000);
  const all = reigns(status.history, now);
  const first = all[0];
  if (first === undefined) return null;
  const span = Math.max(1, now - first.fromMs);
  const x = (ms: number) => ((ms - first.fromMs) / span) * WIDTH;
  return (
    <div className="reigns" data-testid="reigns">
      <svg
        viewBox={`0 0 ${WIDTH} ${BAR_HEIGHT}`}
        preserveAspectRatio="none"
        className="reign-bars"
        role="img"
        aria-label={t('history.chart')}
      >
        {all.map((reign) => (
          <rect
            key={reign.epoch}
            x={x(reign.fromMs)}
            y={0}
            width={Math.max(1.5, x(reign.toMs) - x(reign.fromMs))}
            height={BAR_HEIGHT}
            className={`reign reign-${
              Math.max(
                0,
                status.nodes.findIndex((node) => node.name === reign.owner),
              ) % 2
            }`}
          >
            <title>
              {t('history.served', {
                node: reign.owner,
                epoch: reign.epoch,
                from: localTime(new Date(reign.fromMs).toISOString()),
                to: reign.toMs >= now ? t('history.now') : localTime(new Date(reign.toMs).toISOString()),
              })}
            </title>
          </rect>
        ))}
      </svg>
      <div className="reign-names" aria-hidden="true">
        {all
          .filter((reign) => (reign.toMs - reign.fromMs) / span > 0.07)
          .map((reign) => (
            <span key={reign.epoch} style={{ left: `${(x((reign.fromMs + reign.toMs) / 2) / WIDTH) * 100}%` }}>
              {t('history.reign', { node: reign.owner, epoch: reign.epoch })}
            </span>
          ))}
      </div>
      <div className="reign-axis" aria-hidden="true">
        {TICKS.map((part) => (
          <span key={part}>{part === 1 ? t('history.now') : axisLabel(first.fromMs + span * part, span)}</span>
        ))}
      </div>
    </div>
  );
}

function Proof({ proof }: { readonly proof: string | null }) {
  const { t } = useText();
  if (proof === null) return <>–</>;
  const { code, evidence } = proofParts(proof);
  return (
    <>
      {code !== null && (
        <>
          <code>{code}</code> {named(t, 'proof', code)}{' '}
        </>
      )}
      {evidence !== '' && <Said text={evidence} className="dim" />}
    </>
  );
}

export function History({ status }: { readonly status: Status }) {
  const { t } = useText();
  return (
    <section className="panel" data-testid="history">
      <h2>{t('history.title')}</h2>
      {status.history.length === 0 ? (
        <p className="dim">{t('history.empty')}</p>
      ) : (
        <>
          <ReignChart status={status} />
          <Table.ScrollContainer minWidth={640} maxHeight={300} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
            <Table stickyHeader verticalSpacing={6} aria-label={t('history.title')}>
              <Table.Thead>
                <Table.Tr>
                  {(['epoch', 'change', 'when', 'cause', 'proof', 'timeline'] as const).map((column) => (
                    <Table.Th key={column}>{t(`history.${column}`)}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {status.history.map((entry) => (
                  <Table.Tr key={`${entry.epoch}-${entry.at}`} data-testid="history-row">
                    <Table.Td className="tabular">{entry.epoch}</Table.Td>
                    <Table.Td className="nowrap">
                      {entry.from === null ? `${entry.owner} (${t('history.first')})` : `${entry.from} → ${entry.owner}`}
                    </Table.Td>
                    <Table.Td className="nowrap">
                      <Time iso={entry.at} />
                    </Table.Td>
                    <Table.Td>
                      <Said text={entry.cause} />
                    </Table.Td>
                    <Table.Td>
                      <Proof proof={entry.proof} />
                    </Table.Td>
                    <Table.Td className="tabular">{entry.timeline ?? '–'}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
    </section>
  );
}
