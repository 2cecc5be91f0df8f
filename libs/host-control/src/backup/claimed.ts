import { DATABASE } from '../postgres/secrets.js';
import { type SqlTarget, withSession } from '../postgres/sql.js';

const ANSWER_MS = 10_000;

/** For `restoreInto`'s `look`: the highest epoch in which a manager wrote to it; 0: none ever did. */
export async function lastEpoch(at: SqlTarget): Promise<number> {
  return await withSession({ ...at, database: DATABASE }, ANSWER_MS, async (session) => {
    const [there] = await session.rows<{ is: boolean }>("select to_regclass('public.ownership') is not null as is");
    if (there?.is !== true) return 0;
    const [row] = await session.rows<{ epoch: string }>('select coalesce(max(epoch), 0)::text as epoch from public.ownership');
    return Number(row!.epoch);
  });
}
