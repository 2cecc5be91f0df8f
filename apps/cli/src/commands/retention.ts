import { InvalidInputError } from '@yosugara/kernel';
import { type CleanUpPreview, type CleanUpRuns, RETAINED, type Retained, type RetentionView } from '@yosugara/protocol';
import { retentionCleanUp, retentionPreview, retentionRuns, retentionShow } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { bytes, type Paint, printable, table } from '../output/terminal.js';

/** Rows are counted. */
const DEADLINE_MS = 60_000;

export const readRetention = async (api: ManagerApi): Promise<RetentionView> => await api.ask(retentionShow(), DEADLINE_MS);

/** @throws InvalidInputError */
export const retainedOf = (given: readonly string[]): readonly Retained[] =>
  given.map((text) => {
    const kind = RETAINED.find((each) => each === text);
    if (kind === undefined) throw new InvalidInputError('KIND', text, RETAINED.join(', '));
    return kind;
  });

export const previewCleanUp = async (api: ManagerApi, kinds: readonly Retained[]): Promise<CleanUpPreview> =>
  await api.ask(retentionPreview(kinds.length === 0 ? {} : { kinds }), DEADLINE_MS);

export const cleanUp = async (api: ManagerApi, kinds: readonly Retained[]): Promise<{ readonly waiting: readonly Retained[] }> =>
  await api.ask(retentionCleanUp({ kinds }), DEADLINE_MS);

export const readRuns = async (api: ManagerApi, kind: Retained | undefined, limit: number): Promise<CleanUpRuns> =>
  await api.ask(retentionRuns({ kind, limit }));

const counted = (rows: number, isAbout: boolean): string => `${isAbout ? 'about ' : ''}${rows}`;

export function renderRetention(view: RetentionView, paint: Paint): string {
  const { at, node, kinds, isOpen, running, waiting, databaseBytes } = view;
  const cells = kinds.map(({ kind, days, source, rows, isAbout, bytes: size, oldest, last }) => [
    kind,
    days === null ? '–' : String(days),
    source,
    counted(rows, isAbout),
    bytes(size),
    oldest ?? '–',
    last === null ? '–' : `${last.state === 'failed' ? paint(last.state, 'red') : last.state} ${last.startedAt}`,
  ]);
  const now = [
    isOpen ? 'rows may be deleted now' : 'it is not the time to delete rows',
    ...(running === null ? [] : [`${running} is being cleaned up`]),
    ...(waiting.length === 0 ? [] : [`waiting: ${waiting.join(', ')}`]),
  ];
  return [
    `${at}, seen by ${node}: the database has ${bytes(databaseBytes)}; ${now.join('; ')}`,
    table(['KIND', 'DAYS', 'SAID BY', 'ROWS', 'SIZE', 'OLDEST', 'LAST CLEAN-UP'], cells),
  ].join('\n');
}

export const renderPreview = ({ kinds }: CleanUpPreview): string =>
  table(
    ['KIND', 'DAYS', 'OLDER THAN', 'ROWS', 'WHOLE PARTS', 'SIZE'],
    kinds.map(({ kind, days, before, rows, isAbout, isMore, parts, bytes: size }) => [
      kind,
      String(days),
      before,
      `${counted(rows, isAbout)}${isMore ? ' or more' : ''}`,
      parts.join(' ') || '–',
      bytes(size),
    ]),
  );

export function renderRuns({ rows }: CleanUpRuns, paint: Paint): string {
  if (rows.length === 0) return 'no clean-up deleted anything yet';
  const cells = rows.map(({ number, kind, startedAt, endedAt, by, rows: gone, parts, state, why }) => [
    String(number),
    kind,
    startedAt,
    endedAt ?? 'runs',
    printable(by ?? 'it was due'),
    [String(gone), ...parts].join(' '),
    state === 'failed' ? paint(state, 'red') : state,
    printable(why ?? ''),
  ]);
  return table(['NUMBER', 'KIND', 'FROM', 'TO', 'ASKED BY', 'DELETED', 'STATE', 'WHY'], cells);
}
