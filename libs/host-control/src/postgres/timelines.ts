import { readdir, readFile, rm } from 'node:fs/promises';
import { readIfThere, syncFolder, writeManyOwned } from '../os/files.js';
import { type HostContext, inPgdata } from './context.js';
import { historyFile } from './control-data.js';

const MARK = '# yosugara: this number is taken elsewhere';

/**
 * Makes PostgreSQL take `above` and everything below it for taken: pg_promote asks upwards from the current timeline for a history
 * file, until there is none (findNewestTimeLine, timeline.c), so it knows of no timeline that this server has never heard of.
 *
 * The files stay after the promotion: a standby that follows asks its source for every number from its own to the new one
 * (WalRcvFetchTimeLineHistoryFiles) and fails where one is missing, and it finds the new one only when there is no gap below it.
 * What stands in them is our own ancestors without ourselves: a server that takes one for its target sees that it is no descendant
 * (rescanLatestTimeLine), and stays where it is.
 */
export async function takeTimelines(host: HostContext, current: number, above: number): Promise<void> {
  const ancestors = current === 1 ? '' : ((await readIfThere(inPgdata(host, `pg_wal/${historyFile(current)}`))) ?? '');
  const folder = inPgdata(host, 'pg_wal');
  const there = new Set(await readdir(folder));
  const lacking = new Map<string, string>();
  for (let timeline = current + 1; timeline <= above; timeline++)
    if (!there.has(historyFile(timeline))) lacking.set(historyFile(timeline), `${MARK}\n${ancestors}`);
  // A forced promotion takes a thousand numbers: one by one they took ten seconds, in which nobody served.
  if (lacking.size > 0) await writeManyOwned(folder, lacking, host.account);
}

/**
 * Undoes it where no promotion followed, here or at the source: a server that starts takes the newest number for its target, and
 * would refuse to start because that is no descendant of its own.
 */
export async function dropTakenTimelines(host: HostContext): Promise<void> {
  const folder = inPgdata(host, 'pg_wal');
  const names = (await readdir(folder)).filter((name) => /^[0-9A-F]{8}\.history$/.test(name)).sort();
  let dropped = 0;
  for (const name of names.reverse()) {
    if (!(await readFile(`${folder}/${name}`, 'utf8')).startsWith(MARK)) break;
    await rm(`${folder}/${name}`);
    dropped++;
  }
  if (dropped > 0) await syncFolder(folder);
}
