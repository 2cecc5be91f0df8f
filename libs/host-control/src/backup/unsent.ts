import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lsn } from '@yosugara/kernel';
import { readIfThere } from '../os/files.js';
import { type Ancestor, parseHistory } from '../postgres/history.js';
import type { Repository } from './repository.js';

const SEGMENT = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;
export const SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * A Standby sends nothing, and marks what it receives as sent. So what a Master had not sent when it died is in nobody's queue: a gap at which
 * every restore would end. Whoever is Master sends it, from what it received itself; only what its own lineage shares (PostgreSQL 15,
 * walreceiver.c: XLogArchiveForceDone).
 *
 * To be called on the Master. @returns names of the segments that were sent.
 */
export async function sendUnsent(repository: Repository): Promise<readonly string[]> {
  const wal = join(repository.paths.pgdata, 'pg_wal');
  const here = new Set(await readdir(wal));
  // A Master writes WAL of the newest timeline only.
  const timeline = Math.max(
    1,
    ...[...here].filter((name) => SEGMENT.test(name)).map((name) => Number.parseInt(name.slice(0, 8), 16)),
  );
  const history = await readIfThere(join(wal, `${hex(timeline)}.history`));
  const lineage = parseHistory(history ?? '');
  const done = (await readdir(join(wal, 'archive_status')))
    .filter((name) => name.endsWith('.done'))
    .map((name) => name.slice(0, -5));
  const ours = done.filter((name) => here.has(name) && isShared(name, lineage, timeline)).sort();
  const sent: string[] = [];
  for (const folder of new Set(ours.map((name) => name.slice(0, 16)))) {
    const there = await archived(repository, folder);
    for (const name of ours.filter((each) => each.startsWith(folder) && !there.has(each))) {
      await repository.push(join(wal, name));
      sent.push(name);
    }
  }
  return sent;
}

/** Of an older timeline only up to where ours left it: what lies behind belongs to nobody any more. */
export function isShared(name: string, lineage: readonly Ancestor[], timeline: number): boolean {
  const found = segmentOf(name);
  if (found === null) return false;
  if (found.timeline === timeline) return true;
  const end: Lsn | undefined = lineage.find((each) => each.timeline === found.timeline)?.end;
  return end !== undefined && found.start + SEGMENT_BYTES <= Number(end);
}

/** null: no name of a segment. */
export function segmentOf(name: string): { readonly timeline: number; readonly start: number } | null {
  const found = SEGMENT.exec(name);
  if (found === null) return null;
  const [timeline, high, low] = found.slice(1).map((part) => Number.parseInt(part!, 16)) as [number, number, number];
  return { timeline, start: high * 2 ** 32 + low * SEGMENT_BYTES };
}

/** `<segment>-<sha1>` and what it was compressed with; never a `.partial` one, which a dead timeline leaves. */
const ARCHIVED = /^([0-9A-F]{24})-/;

/** All segments of WAL of that system that lie in the repository, by name. */
export async function archivedNames(repository: Repository, systemId: string): Promise<readonly string[]> {
  const stanza = `archive/${repository.config.cluster.id}`;
  const names: string[] = [];
  const there = await repository.names(stanza);
  for (const database of (await repository.archivesOf(systemId)).filter((name) => there.includes(name)))
    for (const folder of (await repository.names(`${stanza}/${database}`)).filter((name) => /^[0-9A-F]{16}$/.test(name)))
      names.push(
        ...(await repository.names(`${stanza}/${database}/${folder}`)).flatMap((name) => ARCHIVED.exec(name)?.[1] ?? []),
      );
  return names;
}

async function archived(repository: Repository, folder: string): Promise<ReadonlySet<string>> {
  const stanza = `archive/${repository.config.cluster.id}`;
  const databases = (await repository.names(stanza)).filter((name) => /^\d+-\d+$/.test(name));
  const lists = await Promise.all(databases.map((database) => repository.names(`${stanza}/${database}/${folder}`)));
  return new Set(lists.flat().map((name) => name.slice(0, 24)));
}

const hex = (timeline: number): string => timeline.toString(16).toUpperCase().padStart(8, '0');
