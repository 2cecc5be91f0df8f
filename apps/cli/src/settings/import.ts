import { randomUUID } from 'node:crypto';
import {
  ImportPartSchema,
  MAX_IMPORT_PART,
  type PlacedDocument,
  type SettingKind,
  type SettingsDifference,
  SettingsDifferenceSchema,
} from '@yosugara/protocol';
import { type ManagerApi, MistakesError } from '../control/manager-api.js';
import { Progress, type Terminal } from '../output/terminal.js';
import { whereIs } from './documents.js';

/** Of one request; the manager takes somewhat more. */
const PART_CHARS = 2 * 1024 * 1024;
/** The line is looked for in the file; of further ones, that of their document is told. */
const MOST_LOCATED = 10;
const PART_DEADLINE_MS = 30_000;
/** The manager gives its database two minutes. */
const IMPORT_DEADLINE_MS = 150_000;

export interface ImportOptions {
  readonly dryRun: boolean;
  readonly deleteMissing: readonly SettingKind[];
  readonly by: string;
}

/** All of them or none. Many are sent in parts, and done when the last one is there. @throws MistakesError, with files and lines */
export async function importSettings(
  api: ManagerApi,
  documents: readonly PlacedDocument[],
  options: ImportOptions,
  terminal: Terminal,
): Promise<SettingsDifference> {
  const parts = [...partsOf(documents)];
  const progress = new Progress(terminal);
  const id = randomUUID();
  try {
    if (parts.length <= 1)
      return await send(api, documents, { ...options, documents: documents.map(({ document }) => document) });
    let sent = 0;
    for (const [number, part] of parts.entries()) {
      progress.show('sending', sent / documents.length, `${sent} of ${documents.length}`);
      const body = { import: id, part: number, by: options.by, documents: part.map(({ document }) => document) };
      await placed(part, api.change('POST', '/api/v1/settings/import/parts', body, ImportPartSchema, PART_DEADLINE_MS));
      sent += part.length;
    }
    progress.show(options.dryRun ? 'comparing' : 'comparing and storing', null);
    return await send(api, documents, { ...options, import: id });
  } finally {
    progress.end();
  }
}

async function send(api: ManagerApi, documents: readonly PlacedDocument[], body: object): Promise<SettingsDifference> {
  return await placed(
    documents,
    api.change('POST', '/api/v1/settings/import', body, SettingsDifferenceSchema, IMPORT_DEADLINE_MS),
  );
}

function* partsOf(documents: readonly PlacedDocument[]): Generator<readonly PlacedDocument[]> {
  let part: PlacedDocument[] = [];
  let chars = 0;
  for (const document of documents) {
    const size = JSON.stringify(document.document).length;
    if (part.length > 0 && (part.length >= MAX_IMPORT_PART || chars + size > PART_CHARS)) {
      yield part;
      [part, chars] = [[], 0];
    }
    part.push(document);
    chars += size;
  }
  if (part.length > 0) yield part;
}

/** Mistakes are told by file and line, not by their place in a request. */
async function placed<T>(documents: readonly PlacedDocument[], asked: Promise<T>): Promise<T> {
  return await asked.catch((error: unknown) => {
    if (!(error instanceof MistakesError)) throw error;
    const mistakes = error.mistakes.map((mistake, at) => {
      const [, number, , place = ''] = /^documents\.(\d+)(\.(.*))?$/.exec(mistake.place) ?? [];
      const document = number === undefined ? undefined : documents[Number(number)];
      if (document === undefined) return mistake;
      const where = at < MOST_LOCATED ? whereIs(document, place) : `${document.file}:${document.line}`;
      return { ...mistake, place: `${where}: ${nameOf(document.document)}${place}` };
    });
    const lines = mistakes.map(({ place, found, allowed }) => `${place}: found ${found}, allowed is ${allowed}`);
    throw new MistakesError(lines.join('\n'), mistakes);
  });
}

function nameOf(document: unknown): string {
  const { kind, id } = (document ?? {}) as { kind?: unknown; id?: unknown };
  return typeof kind === 'string' && typeof id === 'string' ? `${kind} ${id}: ` : '';
}
