import type { IngestSource, IngestSources, IngestSummary, ReceiverState } from '@yosugara/protocol';
import { ingestSources, ingestSummary } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { bytes, type Paint, printable, table } from '../output/terminal.js';

export interface IngestStatus {
  readonly summary: IngestSummary;
  readonly sources: IngestSources;
}

export interface IngestAsked {
  /** RFC 3339, UTC. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly source?: string | undefined;
  readonly limit: number;
}

/** Above this share of one-sided messages a source is painted. */
const NOTABLE = 0.01;

export async function ingestStatus(api: ManagerApi, { limit, source, ...range }: IngestAsked): Promise<IngestStatus> {
  const summary = await api.ask(ingestSummary(range));
  const sources = await api.ask(ingestSources({ ...range, source, limit }));
  return { summary, sources };
}

export function renderIngest({ summary, sources }: IngestStatus, paint: Paint): string {
  return [
    headline(summary),
    missing(summary, paint),
    ...summary.receivers.map((each) => receiver(each, paint)),
    sourceTable(sources, paint),
    footer(sources),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline({ from, to, countedSince, answeredBy, mode, behind, total }: IngestSummary): string {
  const since = countedSince > from ? ` (counted since ${countedSince})` : '';
  const lag = behind === null ? '' : `, ${behind} records not stored yet`;
  const only = Object.entries(total.onlyAt).map(([node, count]) => `${count} only at ${node}`);
  const never = Object.values(total.unpaired).reduce((sum, each) => sum + each, 0);
  const parts = [`${total.matched} messages at both nodes`, ...only, ...(never > 0 ? [`${never} not compared`] : [])];
  return `Received ${from} … ${to}${since}: ${parts.join(', ')}\nanswered by ${answeredBy} (${mode}${lag})`;
}

/** Stretches told; the API has more of them. */
const MOST_STRETCHES = 5;

function missing({ missing: found }: IngestSummary, paint: Paint): string {
  if (found === undefined) return '';
  const { owed, lost } = found;
  const told = (stretches: readonly { readonly journalId: string; readonly from: number; readonly through: number }[]) =>
    [
      ...stretches.slice(0, MOST_STRETCHES).map(({ journalId, from, through }) => `  ${journalId}:${from} … ${through}`),
      ...(stretches.length > MOST_STRETCHES ? ['  and more: GET /api/v1/ingest/summary'] : []),
    ].join('\n');
  const parts: string[] = [];
  if (owed.records > 0)
    parts.push(
      `${paint(`${owed.records} records are owed`, 'yellow')}: the other node may have them and could not be asked; they are stored when it can be\n${told(owed.stretches)}`,
    );
  if (lost !== null && lost.records > 0)
    parts.push(
      `${paint(`${lost.records} records are lost`, 'red')}: neither node has them any more (noted since ${lost.since})\n${told(lost.stretches)}`,
    );
  return parts.join('\n');
}

function receiver({ node, state }: IngestSummary['receivers'][number], paint: Paint): string {
  if (state === null) return `Receiver of ${node}: ${paint('not heard', 'red')}`;
  const bad = (count: number, text: string) => (count > 0 ? [paint(`${count} ${text}`, 'yellow')] : []);
  const facts = [
    `${state.received} received since ${state.since ?? 'its start'}`,
    `journal ${bytes(state.journalBytes)}`,
    ...(state.peerLink === 'up' ? [] : [paint('its peer does not take the copy', 'yellow')]),
    ...(state.listenersAway ?? []).map(away).map((text) => paint(text, 'red')),
    ...bad(state.kernelDrops, 'dropped by the kernel'),
    ...bad(state.journalFull ?? 0, 'refused: journal full'),
    ...bad(state.journalBacklog ?? 0, 'refused: disk too slow'),
    ...Object.entries(state.refused).flatMap(([reason, count]) => (reason === 'journal' ? [] : bad(count, `refused: ${reason}`))),
  ];
  const rows = state.listeners.map((listener) => [
    `  ${listener.protocol}`,
    `${listener.address}:${listener.port}`,
    listener.listener,
    String(listener.received),
    reasons(listener.refused),
    listener.kernelDrops === null ? '?' : String(listener.kernelDrops),
    listener.protocol === 'udp' ? '' : String(listener.connections),
    listener.since ?? '',
  ]);
  const head = ['  LISTENER', 'ADDRESS', 'OF', 'RECEIVED', 'REFUSED', 'KERNEL DROPS', 'CONNECTIONS', 'SINCE'];
  return `Receiver of ${node}: ${facts.join(', ')}\n${table(head, rows)}`;
}

const away = ({ protocol, address, port, forSeconds, why }: NonNullable<ReceiverState['listenersAway']>[number]): string =>
  `${protocol} ${address}:${port} not open for ${Math.round(forSeconds)} s: ${why}`;

const reasons = (refused: Readonly<Record<string, number>>): string =>
  Object.entries(refused)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ') || '–';

function sourceTable({ nodes, sources }: IngestSources, paint: Paint): string {
  if (sources.length === 0) return 'nothing was received in this time';
  const rows = sources.map((source) => [
    printable(source.source),
    ...nodes.map((node) => String(source.received[node] ?? 0)),
    String(source.matched),
    ...nodes.map((node) => String(source.onlyAt[node] ?? 0)),
    share(source, paint),
    String(Object.values(source.unpaired).reduce((sum, each) => sum + each, 0)),
    refusedOf(source),
  ]);
  const at = (text: string) => nodes.map((node) => `${text} ${node}`);
  return table(['SOURCE', ...at('AT'), 'AT BOTH', ...at('ONLY AT'), 'ONE-SIDED', 'NOT COMPARED', 'REFUSED'], rows);
}

function share({ oneSided }: IngestSource, paint: Paint): string {
  if (oneSided === null) return '–';
  const text = `${(oneSided * 100).toFixed(1)} %`;
  return oneSided >= NOTABLE ? paint(text, 'yellow') : text;
}

function refusedOf({ atReceiver }: IngestSource): string {
  return Object.entries(atReceiver)
    .filter(([, { refused, cut }]) => cut > 0 || Object.keys(refused).length > 0)
    .map(([node, { refused, cut }]) => `${node}: ${reasons({ ...refused, ...(cut > 0 ? { cut } : {}) })}`)
    .join('; ');
}

const footer = ({ more }: IngestSources): string => (more > 0 ? `and ${more} more sources: --limit` : '');
