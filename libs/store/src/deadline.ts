import { DeadlineError } from '@yosugara/kernel';
import { CommitUnknownError } from '@yosugara/runtime';
import type { Pool, PoolClient } from 'pg';

/** PostgreSQL's class for warnings; on COMMIT: the wait for the standby was cancelled, the transaction is in one database only. */
const WARNING = '01000';

/**
 * One piece of work on a connection of its own, with a deadline that holds even when the server says nothing (a frozen host, a
 * commit that waits for a lost standby): then the connection is thrown away, not given back.
 *
 * `commit` is to be called instead of `query('commit')`.
 * @throws CommitUnknownError — when COMMIT was sent and no clean answer came. DeadlineError — before that.
 */
export async function withClient<T>(
  pool: Pool,
  what: string,
  deadlineMs: number,
  work: (client: PoolClient, commit: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  const client = await connected(pool, what, deadlineMs);
  let committing = false;
  let warned: string | null = null;
  const onNotice = (notice: { code?: string | undefined; message?: string | undefined }) => {
    if (committing && notice.code === WARNING) warned = notice.message ?? WARNING;
  };
  const ignore = () => undefined;
  client.on('notice', onNotice);
  // The pool listens to idle clients only: without this a server's death ends the process.
  client.on('error', ignore);
  const commit = async () => {
    committing = true;
    await client.query('commit');
    if (warned !== null) throw new CommitUnknownError(warned);
  };
  let clean = false;
  try {
    const result = await before(endMs, what, deadlineMs, () => work(client, commit));
    clean = true;
    return result;
  } catch (error) {
    throw committing && !(error instanceof CommitUnknownError) && !refusedByServer(error)
      ? new CommitUnknownError(what, error)
      : error;
  } finally {
    client.off('notice', onNotice);
    client.off('error', ignore);
    client.release(!clean);
  }
}

/** An ERROR in answer to COMMIT means that it was rolled back; FATAL or no answer leaves it open. */
function refusedByServer(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR';
}

async function connected(pool: Pool, what: string, deadlineMs: number): Promise<PoolClient> {
  const connecting = pool.connect();
  try {
    return await before(performance.now() + deadlineMs, what, deadlineMs, () => connecting);
  } catch (error) {
    // It may still come: then nobody waits for it any more.
    connecting.then(
      (client) => client.release(true),
      () => undefined,
    );
    throw error;
  }
}

async function before<T>(endMs: number, what: string, deadlineMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, deadlineMs)), Math.max(0, endMs - performance.now()));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
