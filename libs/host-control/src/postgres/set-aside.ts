import { readdir, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import { isThere, syncFolder } from '../os/files.js';
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

/** Removes all but the newest `keep`, with the tablespaces that only they used. */
export async function prune(host: HostContext, keep: number): Promise<void> {
  const inUse = new Set(await tablespacesOf(host.paths.pgdata));
  for (const path of (await oldOnes(host)).slice(keep)) {
    for (const place of await tablespacesOf(path))
      if (!inUse.has(place) && ours(host, place)) await rm(place, { recursive: true, force: true });
    await rm(path, { recursive: true, force: true });
    host.log.info('postgres.oldRemoved', { path });
  }
}

/** Nobody waits for it. */
export function pruneLater(host: HostContext, keep: number): void {
  prune(host, keep).catch((error: unknown) => host.log.warn('postgres.oldLeft', { why: explain(error) }));
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
