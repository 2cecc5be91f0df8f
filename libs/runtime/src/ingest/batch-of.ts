import { invariant } from '@yosugara/kernel';
import { type MergeEffect, type MergeState, type MibStore, mergeWindow, parseMessage, type Tally } from '@yosugara/operations';
import type { JournalFeed } from './feed.js';
import type { IngestOptions } from './loop.js';
import { type IngestBatch, type MessageToStore, VIA_VIP } from './ports.js';

/** What the effects of a flush store. */
export function batchOf(
  work: { readonly epoch: number; readonly version: number; readonly state: MergeState; readonly feed: JournalFeed },
  effects: readonly MergeEffect[],
  { sources, mibs }: Pick<IngestOptions, 'sources' | 'mibs'>,
): IngestBatch {
  const names = mibs?.();
  const rows: MessageToStore[] = [];
  const seenAlso: IngestBatch['seenAlso'][number][] = [];
  const positions = new Map(work.feed.positionsToSay().map(({ journalId, seq }) => [journalId, seq]));
  let tallies: readonly Tally[] | undefined;
  for (const effect of effects)
    if (effect.kind === 'tally') tallies = effect.tallies;
    else if (effect.kind === 'store') rows.push(rowOf(work.feed, effect, sources, names));
    else if (effect.kind === 'seenAlso') seenAlso.push(effect);
    else positions.set(effect.journalId, effect.seq);
  return {
    epoch: work.epoch as IngestBatch['epoch'],
    version: work.version,
    rows,
    seenAlso,
    positions: [...positions].map(([journalId, seq]) => ({ journalId, seq })),
    window: mergeWindow(work.state),
    ...(tallies === undefined ? {} : { tallies }),
  };
}

function rowOf(
  feed: JournalFeed,
  effect: Extract<MergeEffect, { kind: 'store' }>,
  sources: IngestOptions['sources'],
  names: MibStore | undefined,
): MessageToStore {
  const record = feed.recordOf(effect.record);
  invariant(record !== undefined, `record ${effect.record.journalId} ${effect.record.seq} is held until it is stored`);
  const row: MessageToStore = {
    ...parseMessage(record, sources?.get(record.source.address), names),
    journalId: effect.record.journalId,
    seq: effect.record.seq,
    node: effect.node,
    receivedAtUs: record.receivedAtUs,
    kind: record.kind,
    transport: record.transport,
    source: record.source.address,
    flags: record.flags | (record.listener.kind === 'vip' ? VIA_VIP : 0),
    raw: record.raw,
    content: effect.content,
    seenBy: effect.seenBy,
  };
  return record.lateByUs === undefined ? row : { ...row, lateByUs: record.lateByUs };
}
