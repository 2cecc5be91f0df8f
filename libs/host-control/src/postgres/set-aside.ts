import { readdir, readlink, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { explain } from '@yosugara/kernel';
import { isThere, readIfThere, syncFolder, writeOwned } from '../os/files.js';
import { run } from '../os/run.js';
import type { HostContext } from './context.js';

const OLD = /^pgdata\.old(?:\.(\d+))?$/;

/** Folders that were set aside, newest first: `pgdata.old`, `pgdata.old.1`, … */
export async function oldOnes({ paths }: HostContext): Promise<readonly string[]> {
  const names = (await readdir(paths.dataDir)).filter((name) => OLD.test(name));
  const age = (name: string) => Number(OLD.exec(name)![1] ?? 0);
  return names.sort((one, two) => age(one) - age(two)).map((name) => join(paths.dataDir, name));
}

/** Each becomes older by one, so that `pgdata.old` is free. By renames only: a crash in between loses nothing. */
export async function makeRoomForOld(host: HostContext): Promise<void> {
  for (const path of [...(await oldOnes(host))].reverse()) {
    const age = Number(OLD.exec(path.slice(path.lastIndexOf('/') + 1))![1] ?? 0);
    if (age === 0 && !(await isThere(path))) continue;
    await rename(path, `${host.paths.pgdataOld}.${age + 1}`);
  }
  await syncFolder(host.paths.dataDir);
}

/** Within a folder that was set aside: whether it held WAL that the Master did not have. Absent: nobody could tell. */
const WORDS = 'yosugara.set-aside';

/** Best effort: without it nobody can tell, and it is kept. @param more it held what the Master did not have; null: it cannot be told. */
export async function noteHeld(host: HostContext, path: string, more: boolean | null): Promise<void> {
  const file = join(path, WORDS);
  // What stands there is of another time: the folder was put back by hand and has served since, or was copied with the word of its source.
  const noted = more === null ? rm(file, { force: true }) : writeOwned(file, JSON.stringify({ more }), host.account);
  await noted.catch((error: unknown) => host.log.warn('postgres.oldUntold', { path, why: explain(error) }));
}

async function heldMore(path: string): Promise<boolean | null> {
  try {
    const { more } = JSON.parse((await readIfThere(join(path, WORDS))) ?? '{}') as { readonly more?: unknown };
    return typeof more === 'boolean' ? more : null;
  } catch {
    return null;
  }
}

export interface OldOne {
  readonly path: string;
  /** null: it cannot be told in time. */
  readonly bytes: number | null;
}

/**
 * What a copy that is whole makes superfluous: all but the newest `recover.keepOld`, and but the newest that held what the Master did not
 * have, after a forced promotion say: no other place may still have those rows. With 0 nothing is kept: that is the operator's word.
 */
export async function surplus(host: HostContext): Promise<readonly OldOne[]> {
  const all = await oldOnes(host);
  return await Promise.all(beyondKept(host, all, await Promise.all(all.map(heldMore))).map(sized));
}

/** @param more of each, newest first: what `heldMore` says. */
function beyondKept(host: HostContext, all: readonly string[], more: readonly (boolean | null)[]): readonly string[] {
  const keep = host.config.recover.keepOld;
  const precious = keep === 0 ? undefined : all[more.indexOf(true)];
  return all.slice(keep).filter((path) => path !== precious);
}

/** What may go before, for want of room: what goes then anyway, or held nothing that the Master does not have. The oldest first. */
async function dispensable(host: HostContext): Promise<readonly OldOne[]> {
  const all = await oldOnes(host);
  const more = await Promise.all(all.map(heldMore));
  const goes = beyondKept(host, all, more);
  const may = all.filter((path, at) => goes.includes(path) || more[at] === false);
  return await Promise.all(may.reverse().map(sized));
}

/**
 * Makes room by what nobody loses anything by: no more of it than is needed, and none where all of it would not be enough. What went is
 * told in the report of the recover, also of one that needed another attempt (`takeRemoved`).
 */
export async function makeRoom(host: HostContext, lacking: number): Promise<void> {
  const all = await dispensable(host);
  const sum = (of: readonly OldOne[]) => of.reduce((total, { bytes }) => total + (bytes ?? 0), 0);
  if (sum(all) < lacking) return;
  const enough = all.findIndex((_, at) => sum(all.slice(0, at + 1)) >= lacking);
  const removed = all.slice(0, enough + 1);
  await remove(host, removed);
  told(host).push(...removed.map((one) => `${worded(one)} was removed to make room: an earlier recover had set it aside`));
}

/** Sentences for the report, of what was removed since the last one. */
export const takeRemoved = (host: HostContext): readonly string[] => told(host).splice(0);

const REMOVED = new WeakMap<object, string[]>();
function told({ deadMan }: HostContext): string[] {
  const known = REMOVED.get(deadMan) ?? [];
  REMOVED.set(deadMan, known);
  return known;
}

/** Such as `pgdata.old (12 MB)`. */
export const worded = ({ path, bytes }: OldOne): string =>
  bytes === null ? basename(path) : `${basename(path)} (${Math.ceil(bytes / 1024 / 1024)} MB)`;

/** With the tablespaces that only they used. */
async function remove(host: HostContext, gone: readonly OldOne[]): Promise<void> {
  const inUse = new Set(await tablespacesOf(host.paths.pgdata));
  for (const { path, bytes } of gone) {
    for (const place of await tablespacesOf(path))
      if (!inUse.has(place) && ours(host, place)) await rm(place, { recursive: true, force: true });
    await rm(path, { recursive: true, force: true });
    host.log.info('postgres.oldRemoved', { path, bytes });
  }
}

/** Nobody waits for it. */
export function removeLater(host: HostContext, gone: readonly OldOne[]): void {
  remove(host, gone).catch((error: unknown) => host.log.warn('postgres.oldLeft', { why: explain(error) }));
}

const SIZE_DEADLINE_MS = 20_000;

/** What its volume gets back; tablespaces elsewhere are not counted. */
export async function sized(path: string): Promise<OldOne> {
  const options = { cwd: '/', deadlineMs: SIZE_DEADLINE_MS, givesWay: true };
  const done = await run('/usr/bin/du', ['-skx', path], options).catch(() => null);
  const kilobytes = done?.code === 0 ? Number.parseInt(done.stdout, 10) : Number.NaN;
  return { path, bytes: Number.isFinite(kilobytes) ? kilobytes * 1024 : null };
}

/** Only folders that we made: one that an operator made is his to remove. */
const ours = (host: HostContext, place: string): boolean => place.includes(`.yosugara-${host.config.node}-`);

/** Where the links in pg_tblspc point to. */
export async function tablespacesOf(pgdata: string): Promise<readonly string[]> {
  const folder = join(pgdata, 'pg_tblspc');
  if (!(await isThere(folder))) return [];
  const links = await Promise.all((await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => null)));
  return links.filter((link) => link !== null);
}
