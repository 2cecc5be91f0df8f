import { join } from 'node:path';
import { HostKeyRing } from '@yosugara/host-control/keys';
import { exportJournal, type JournalKeys, type JournalSurvey, surveyJournals } from '@yosugara/journal';
import { InvalidInputError, rfc3339, YosugaraError } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import type { Found } from '../control/find.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { bytes, type Paint, Progress, printable, type Terminal, table } from '../output/terminal.js';

/** `own`: what this node's receiver took in; `peer`: its copy of the other one's. */
export const SIDES = ['own', 'peer'] as const;
export type Side = (typeof SIDES)[number];

export interface SurveyedJournal extends Omit<JournalSurvey, 'damage'> {
  readonly node: string;
  readonly side: Side;
  readonly damage: readonly { readonly file: string; readonly offset: number; readonly why: string }[];
}

const folderOf = ({ stateDir }: Found, side: Side) =>
  join(stateDir, side === 'own' ? STATE_LAYOUT.journalOwn : STATE_LAYOUT.journalPeer);
/** As this node's programs find them; of a bare state folder those in its file. */
const keysOf = ({ config, stateDir }: Found): JournalKeys =>
  new HostKeyRing({ config: config ?? { secrets: {} }, stateDir, env: process.env });
const nameOf = ({ config, stateDir }: Found) => config?.node ?? stateDir;

/** Reads every byte of the receivers' journals of this host's nodes; nothing is written, and the receivers may run. */
export async function survey(
  nodes: readonly Found[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly SurveyedJournal[]> {
  const found: SurveyedJournal[] = [];
  const progress = new Progress(terminal);
  try {
    for (const node of nodes)
      for (const side of SIDES) {
        const onProgress = (done: number, all: number) =>
          progress.show(`reading ${nameOf(node)} ${side}`, done / all, `${bytes(done)} of ${bytes(all)}`);
        for (const journal of await surveyJournals(folderOf(node, side), { onProgress, signal, keys: keysOf(node) }))
          found.push({ ...journal, node: nameOf(node), side, damage: journal.damage.map(named) });
      }
  } finally {
    progress.end();
  }
  return found;
}

const named = ({ file, offset, message }: JournalSurvey['damage'][number]) => ({ file, offset, why: message });

export function isSound({ damage, missing, unreadable, segments }: SurveyedJournal): boolean {
  const tornInside = segments.slice(0, -1).some(({ tornBytes }) => tornBytes > 0);
  return damage.length === 0 && missing.length === 0 && unreadable.length === 0 && !tornInside;
}

export const exitCodeOfVerify = (journals: readonly SurveyedJournal[]): ExitCode =>
  journals.every((journal) => isSound(journal) && journal.keysMissing.length === 0) ? EXIT.ok : EXIT.failure;

/** One line a journal; what is wrong below it. */
export function renderVerify(journals: readonly SurveyedJournal[], paint: Paint): string {
  if (journals.length === 0) return 'no journals: no receiver has run on this host';
  const rows = journals.map((journal) => [
    journal.node,
    journal.side,
    journal.journalId,
    String(journal.records),
    bytes(journal.bytes),
    isSound(journal)
      ? journal.keysMissing.length > 0
        ? paint('no key', 'yellow')
        : paint('sound', 'green')
      : paint('DAMAGED', 'red'),
  ]);
  const wrong = journals.flatMap(complaints);
  return [table(['node', 'side', 'journal', 'records', 'size', ''], rows), ...wrong].join('\n');
}

function complaints({ journalId, damage, missing, unreadable, keysMissing }: SurveyedJournal): readonly string[] {
  return [
    ...keysMissing.map(
      (id) =>
        `  ${journalId}: encrypted by the key ${id}, which is not here: its frames are whole, what is in them was not looked at`,
    ),
    ...damage.map(({ why }) => `  ${why}`),
    ...missing.map(({ from, through }) => `  ${journalId}: records ${from}..${through} are in no segment`),
    ...unreadable.map(({ seq, why }) => `  ${journalId} record ${seq}: ${why}`),
  ];
}

/** What the journals hold: from when to when, over which ways, in how many files. */
export function renderInspect(journals: readonly SurveyedJournal[]): string {
  if (journals.length === 0) return 'no journals: no receiver has run on this host';
  const rows = journals.map((journal) => [
    ...[journal.node, journal.side, journal.journalId, `${journal.firstSeq}..${journal.lastSeq}`],
    ...[String(journal.records), bytes(journal.bytes), String(journal.segments.length)],
    journal.receivedUs === null ? '–' : `${rfc3339(journal.receivedUs.first)} … ${rfc3339(journal.receivedUs.last)}`,
    Object.entries(journal.kinds)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', '),
  ]);
  return table(['node', 'side', 'journal', 'numbers', 'records', 'size', 'files', 'received', 'by'], rows);
}

export interface ExportOptions {
  readonly journal: string;
  readonly from: number;
  readonly through: number;
  readonly format: 'json' | 'text';
}

/**
 * Prints records, one a line. `json`: everything, the bytes as base64. `text`: the bytes as UTF-8, controls escaped.
 * @throws YosugaraError `JOURNAL_GAP`: no node of this host has it.
 */
export async function exportRecords(
  nodes: readonly Found[],
  { journal, from, through, format }: ExportOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (through < from) throw new InvalidInputError('--through', String(through), `at least --from, which is ${from}`);
  let lastError: unknown = null;
  for (const node of nodes)
    for (const side of SIDES) {
      try {
        for await (const { raw, ...record } of exportJournal(folderOf(node, side), journal, { from, through }, keysOf(node))) {
          signal.throwIfAborted();
          const text = Buffer.from(raw).toString();
          const line = { ...record, receivedAt: rfc3339(record.receivedAtUs), raw: Buffer.from(raw).toString('base64'), text };
          terminal.out(format === 'json' ? JSON.stringify(line) : printable(text));
        }
        return;
      } catch (error) {
        if (!(error instanceof YosugaraError && error.code === 'JOURNAL_GAP')) throw error;
        lastError = error;
      }
    }
  throw lastError;
}
