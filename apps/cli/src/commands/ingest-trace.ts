import { YosugaraError } from '@yosugara/kernel';
import type { IngestTrace, TracedPlace, TracedRecord } from '@yosugara/protocol';
import { ingestTrace } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { printable } from '../output/terminal.js';

/** What the nodes know of one message together. */
export interface MessageTrace extends Omit<IngestTrace, 'answeredBy'> {
  readonly answeredBy: readonly string[];
}

/** @throws YosugaraError `NOT_FOUND`: no node that answers knows it; `NO_MANAGER`: none answers. */
export async function traceMessage(api: ManagerApi, id: string): Promise<MessageTrace> {
  const answers = await api.askEach(ingestTrace({ id }));
  const traces = answers.flatMap(({ answer }) => (answer === null ? [] : [answer]));
  const silent = answers.flatMap((each) => (each.answer === null ? [`${each.node} was not heard on it: ${each.why}`] : []));
  const [first] = traces;
  if (first === undefined) throw new YosugaraError('NOT_FOUND', `${id}: ${silent.join('; ')}`);
  return { ...joined(first, traces), unknown: [...new Set([...traces.flatMap(({ unknown }) => unknown), ...silent])] };
}

/** Places are of each node's disk; the rest is of one database, and of the node that still has the bytes. */
function joined(first: IngestTrace, traces: readonly IngestTrace[]): MessageTrace {
  const best = traces.find(({ places }) => places.length > 0) ?? first;
  const copies = new Map<string, IngestTrace['pairing']['copies'][number]>();
  for (const copy of traces.flatMap(({ pairing }) => pairing.copies)) {
    const key = `${copy.journalId} ${copy.seq}`;
    const known = copies.get(key);
    copies.set(key, {
      ...copy,
      facts: known?.facts ?? copy.facts,
      places: [...(known?.places ?? []), ...copy.places],
      how: known?.how === 'stored' ? 'stored' : copy.how,
    });
  }
  return {
    ...best,
    answeredBy: traces.map(({ answeredBy }) => answeredBy),
    places: traces.flatMap(({ places }) => places),
    pairing: { ...best.pairing, copies: [...copies.values()] },
    commit: traces.find(({ commit }) => commit !== null)?.commit ?? null,
  };
}

export function renderTrace(trace: MessageTrace): string {
  const { record, facts, places, pairing, commit, rows, unknown } = trace;
  const lines = [`${record.journalId} record ${record.seq}, received by ${record.node}`];
  const say = (name: string, ...texts: readonly string[]) => {
    for (const [at, text] of texts.entries()) lines.push(`  ${(at === 0 ? name : '').padEnd(9)} ${text}`);
  };
  say('socket', ...(facts === null ? ['not known any more'] : socket(facts)));
  say('journal', ...placesOf(places));
  for (const copy of pairing.copies) {
    const stored = copy.how === 'stored' ? 'copy' : pairing.kind === 'both' ? 'copy?' : 'equal';
    say(stored, `${copy.journalId} record ${copy.seq}, received by ${copy.node}`);
    say('', ...(copy.facts === null ? [] : socket(copy.facts)), ...placesOf(copy.places));
  }
  const offset = pairing.offsetUs === null ? '' : `, clocks ${(pairing.offsetUs / 1_000).toFixed(3)} ms apart as stored now`;
  say('pairing', `${pairing.kind}: ${pairing.says}`, `window ${pairing.windowMs} ms${offset}, key ${pairing.key ?? '–'}`);
  say('commit', ...(commit === null ? ['not known'] : [committed(commit)]));
  for (const row of rows) say('row', `${row.id}, seen by ${row.seenBy.join('+')}`);
  if (rows.length === 0) say('row', 'none');
  if (facts !== null) say('text', printable(facts.text));
  for (const each of unknown) lines.push(`  ? ${printable(each)}`);
  return lines.join('\n');
}

function socket({ transport, source, listener, receivedAt, correctedAt, lateByUs, monotonicMs, bytes, flags }: TracedRecord) {
  const from = source.port === null ? source.address : `${source.address} port ${source.port}`;
  const to = `${listener.kind === 'vip' ? 'the floating address' : 'its own address'}${listener.address === null ? '' : ` ${listener.address}`}`;
  const marks = flags.length === 0 ? '' : `, ${flags.join(', ')}`;
  const late = lateByUs === 0 ? '' : `, or up to ${Math.ceil(lateByUs / 1_000)} ms before`;
  const corrected = correctedAt === null || correctedAt === receivedAt ? '' : `, corrected ${correctedAt}`;
  const monotonic = monotonicMs === null ? '' : `, monotonic ${monotonicMs} ms`;
  return [`${transport} from ${from} to ${to}, ${bytes} bytes${marks}`, `at ${receivedAt}${late}${corrected}${monotonic}`];
}

const placesOf = (places: readonly TracedPlace[]): readonly string[] =>
  places.length === 0
    ? ['in no journal that was looked into']
    : places.map(
        ({ on, side, segment, offset, bytes }) =>
          `on ${on} (${side === 'own' ? 'its own' : 'the copy'}): ${segment}, ${bytes} bytes from ${offset}`,
      );

function committed({ epoch, batches, between }: NonNullable<IngestTrace['commit']>): string {
  const which =
    batches.from === null || batches.from === batches.through
      ? `batch ${batches.through}`
      : `one of the batches ${batches.from} to ${batches.through}`;
  const after = between.from === null ? '' : `after ${between.from} and `;
  return `epoch ${epoch}, ${which}, ${after}by ${between.through ?? 'now'}`;
}
