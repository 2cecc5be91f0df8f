import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresPeer } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { reached } from '../forward/line.js';
import { titledChildren } from '../os/processes.js';
import { conninfo, endpointOf } from './conninfo.js';
import { type HostContext, localTarget } from './context.js';
import { withSession } from './sql.js';

/* A reload is asked for by a signal, which tells nothing: what shows that another is followed now, or nobody any more. */

const CUT_DEADLINE_MS = 10_000;
const SESSION_MS = 5_000;
const RELOAD_DEADLINE_MS = 2_000;
/** So long without a walreceiver after the reload: the startup process has taken note, see `awaitCut`. */
const CUT_SETTLED_MS = 100;

/**
 * No receiver, and none can come: new sessions see no conninfo, and for a while there was no walreceiver process. The startup
 * process, which alone asks for one, looks at its signals before each attempt, so that while covers the attempt under way.
 * sourceStopped: that attempt would find nobody, and the while is spared.
 */
export async function awaitCut(host: HostContext, sourceStopped = false): Promise<void> {
  const settledMs = sourceStopped ? 0 : CUT_SETTLED_MS;
  const until = performance.now() + CUT_DEADLINE_MS;
  let reloaded = false;
  for (let since = performance.now(); performance.now() < until; await sleep(10)) {
    const postmaster = host.deadMan.postmasterPid();
    if (postmaster === null) return;
    // One new session is enough to know, and dear: only a verb of ours could change it again.
    reloaded ||= (await followedBy(host)) === '';
    const receives = titledChildren(postmaster).some(({ title }) => title.includes('walreceiver'));
    if (!reloaded || receives) since = performance.now();
    else if (performance.now() - since >= settledMs) return;
  }
  throw new PostgresControlError('RECEIVER_NOT_CUT', `a walreceiver is left after ${CUT_DEADLINE_MS} ms`);
}

async function followedBy(host: HostContext): Promise<string> {
  const [row] = await withSession(localTarget(host), SESSION_MS, (session) =>
    session.rows<{ now: string }>("select current_setting('primary_conninfo') as now"),
  );
  return row!.now;
}

/**
 * Until a new session sees the reload. The postmaster reads the file first and signals its children then, so a session that sees
 * it, and every later one, tells the new settings. A server that takes no sessions yet (57P03) reads them all the same.
 */
export async function awaitReload(host: HostContext, peer: PostgresPeer): Promise<void> {
  const wanted = conninfo(endpointOf(reached(host.config, peer)));
  for (const until = performance.now() + RELOAD_DEADLINE_MS; performance.now() < until; await sleep(10)) {
    const rows = await withSession(localTarget(host), RELOAD_DEADLINE_MS, (session) =>
      session.rows<{ now: string }>("select current_setting('primary_conninfo') as now"),
    ).catch(() => null);
    if (rows === null || rows[0]!.now.startsWith(wanted)) return;
  }
}
