import { YosugaraError } from '@yosugara/kernel';
import type { KeptAnswer } from '@yosugara/runtime';
import { type Kysely, sql } from 'kysely';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';

/** A command of this key is done already: nothing of this transaction may be kept. Its answer can be read. */
export class AnswerKeptError extends YosugaraError {
  override readonly name = 'AnswerKeptError';
  constructor() {
    super('ANSWER_KEPT', 'a command of this key is done already');
  }
}

/** In the transaction of what the command does. One of the same key that is about to commit is waited for. @throws AnswerKeptError */
export async function keepAnswer(db: Kysely<Database>, { key, request, answer }: KeptAnswer): Promise<void> {
  const { numAffectedRows } = await sql`
    insert into command_answer (key, request, answer) values (decode(${key}, 'hex'), decode(${request}, 'hex'), ${answer})
    on conflict do nothing`.execute(db);
  if (numAffectedRows !== 1n) throw new AnswerKeptError();
}

/** Of several commands that one transaction does. @throws AnswerKeptError */
export async function keepAnswers(client: ClientBase, answers: readonly KeptAnswer[]): Promise<void> {
  if (answers.length === 0) return;
  const { rowCount } = await client.query(
    `insert into command_answer (key, request, answer)
     select decode(key, 'hex'), decode(request, 'hex'), answer from unnest($1::text[], $2::text[], $3::text[]) as t(key, request, answer)
     on conflict do nothing`,
    [answers.map(({ key }) => key), answers.map(({ request }) => request), answers.map(({ answer }) => answer)],
  );
  if (rowCount !== answers.length) throw new AnswerKeptError();
}

/** What commands were answered. */
export class CommandAnswers {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async find(key: string): Promise<Omit<KeptAnswer, 'key'> | null> {
    const { rows } = await sql<{ request: string; answer: string | null }>`
      select encode(request, 'hex') as request, answer from command_answer where key = decode(${key}, 'hex')`.execute(this.#db);
    return rows[0] ?? null;
  }

  /** Of a command that is done outside the database: what became of it is known only after it was written down. */
  async settle({ key, answer }: Omit<KeptAnswer, 'request'>): Promise<void> {
    await sql`update command_answer set answer = ${answer} where key = decode(${key}, 'hex')`.execute(this.#db);
  }

  /** It was not done. */
  async release(key: string): Promise<void> {
    await sql`delete from command_answer where key = decode(${key}, 'hex')`.execute(this.#db);
  }

  /** Lets those go that are older, and all but the newest `most`. Resolves to how many. */
  async retain(before: Date, most: number): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from command_answer where at < greatest(${before},
        (select at from command_answer order by at desc offset ${most - 1} limit 1))`.execute(this.#db);
    return Number(numAffectedRows ?? 0n);
  }
}
