import type { Pool, PoolClient } from 'pg';

const DAY_US = 86_400_000_000;

/** Days of UTC as whole numbers since 1970. */
export const dayOf = (us: number): number => Math.floor(us / DAY_US);
const isoDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
const nameOf = (day: number): string => `message_p${isoDay(day).replaceAll('-', '')}`;

/** `message` by days of UTC. Made ahead, and on demand for what comes late or with a strange clock. */
export class Partitions {
  readonly #pool: Pool;
  readonly #known = new Set<number>();
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** After any failure: the database may be another one than before. */
  forget(): void {
    this.#known.clear();
  }

  /** So many days from today on. */
  async createAhead(days: number, nowMs: number): Promise<void> {
    const today = dayOf(nowMs * 1_000);
    for (let day = today; day < today + days; day++) await this.ensure(day);
  }

  /** Of one day; at once when it is known to exist. */
  async ensure(day: number): Promise<void> {
    if (this.#known.has(day)) return;
    const client = await this.#pool.connect();
    try {
      const name = nameOf(day);
      await client.query('begin');
      await client.query("set local lock_timeout = '5s'");
      await client.query("select pg_advisory_xact_lock(hashtext('yosugara.partitions'))");
      const { rowCount } = await client.query(
        "select 1 from pg_inherits where inhparent = 'message'::regclass and inhrelid = to_regclass($1)",
        [name],
      );
      if (rowCount === 0) {
        // CREATE … PARTITION OF would lock out every reader; ATTACH does not (SHARE UPDATE EXCLUSIVE).
        await client.query(`create table ${name} (like message including defaults including constraints)`);
        await client.query(
          `alter table message attach partition ${name} for values from ('${isoDay(day)} 00:00:00+00') to ('${isoDay(day + 1)} 00:00:00+00')`,
        );
      }
      await client.query('commit');
      this.#known.add(day);
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** Those there are, oldest first, `YYYY-MM-DD`. */
  async days(): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ name: string }>(
      "select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'message'::regclass order by 1",
    );
    return rows.flatMap(({ name }) => {
      const found = /^message_p(\d{4})(\d\d)(\d\d)$/.exec(name);
      return found === null ? [] : [`${found[1]}-${found[2]}-${found[3]}`];
    });
  }

  /**
   * Retention: drops days that ended before, oldest first, each in a transaction of its own.
   * @param fence asked before each commit: throws when this process may change the database no more.
   * @param most days of one call: a clock that is far ahead must not empty the table before somebody sees it.
   * @returns the days dropped, `YYYY-MM-DD`.
   */
  async dropBefore(
    beforeUs: number,
    fence: (client: PoolClient) => Promise<void> = async () => undefined,
    most = Number.POSITIVE_INFINITY,
  ): Promise<readonly string[]> {
    const dropped: string[] = [];
    for (const day of await this.days()) {
      if (dropped.length >= most || !(dayOf(Date.parse(day) * 1_000) + 1 <= dayOf(beforeUs))) break;
      await this.#drop(day, fence);
      dropped.push(day);
    }
    return dropped;
  }

  async #drop(isoText: string, fence: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await this.#pool.connect();
    const day = dayOf(Date.parse(isoText) * 1_000);
    try {
      // While it waits for the table, every reader waits behind it: better another time.
      await client.query("begin; set local lock_timeout = '2s'");
      await client.query(`drop table ${nameOf(day)}`);
      const end = `${isoDay(day + 1)} 00:00:00+00`;
      await client.query('delete from message_seen_also where received_at < $1::timestamptz', [end]);
      await fence(client);
      await client.query('commit');
      this.#known.delete(day);
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}
