import type { Kysely } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import { areLaterDone, expand, LATER_STEPS, type LaterSteps, MigrationError } from './later-steps.js';
import * as first from './migrations/0001-first.js';
import * as writeProbe from './migrations/0002-write-probe.js';
import * as lateMessages from './migrations/0003-late-messages.js';
import * as customTraps from './migrations/0004-custom-traps.js';
import * as searchIndexes from './migrations/0005-search-indexes.js';
import * as ingestCounts from './migrations/0006-ingest-counts.js';
import * as mibs from './migrations/0007-mibs.js';
import * as markOfBeginning from './migrations/0008-mark-of-beginning.js';
import * as storedLate from './migrations/0009-stored-late.js';
import * as narrowRows from './migrations/0010-narrow-rows.js';
import * as settings from './migrations/0011-settings.js';
import * as operations from './migrations/0012-operations.js';
import * as outbox from './migrations/0013-outbox.js';
import * as jobs from './migrations/0014-jobs.js';
import * as eventTypes from './migrations/0015-event-types.js';
import * as agents from './migrations/0016-agents.js';
import * as readMuchLater from './migrations/0017-read-much-later.js';
import * as access from './migrations/0018-access.js';
import * as oneEscalation from './migrations/0019-one-escalation.js';
import * as overview from './migrations/0021-overview.js';
import * as seriesVersion from './migrations/0022-series-version.js';
import * as agentTokenOwner from './migrations/0023-agent-token-owner.js';
import * as retention from './migrations/0024-retention.js';
import * as commandAnswers from './migrations/0026-command-answers.js';

/** Of the first level, and complete: an older program refuses a database with a step among these that it does not know. Newer ones: later-steps.ts. */
const STEPS = {
  '0001-first': first,
  '0002-write-probe': writeProbe,
  '0003-late-messages': lateMessages,
  '0004-custom-traps': customTraps,
  '0005-search-indexes': searchIndexes,
  '0006-ingest-counts': ingestCounts,
  '0007-mibs': mibs,
  '0008-mark-of-beginning': markOfBeginning,
  '0009-stored-late': storedLate,
  '0010-narrow-rows': narrowRows,
  '0011-settings': settings,
  '0012-operations': operations,
  '0013-outbox': outbox,
  '0014-jobs': jobs,
  '0015-event-types': eventTypes,
  '0016-agents': agents,
  '0017-read-much-later': readMuchLater,
  '0018-access': access,
  '0019-one-escalation': oneEscalation,
  '0021-overview': overview,
  '0022-series-version': seriesVersion,
  '0023-agent-token-owner': agentTokenOwner,
  '0024-retention': retention,
  '0026-command-answers': commandAnswers,
};

/**
 * Every step of this program that need not wait was done, and there is none that it cannot work with; there may be more, of a newer
 * one. @throws without a schema
 */
export async function isMigrated(client: Pick<ClientBase, 'query'>, later: LaterSteps = LATER_STEPS): Promise<boolean> {
  const { rows } = await client.query<{ name: string }>(`select name from ${DEFAULT_MIGRATION_TABLE}`);
  const done = new Set(rows.map(({ name }) => name));
  return Object.keys(STEPS).every((name) => done.has(name)) && (await areLaterDone(client, later));
}

/**
 * Brings the schema to what this program needs: the first level's steps in one transaction, then those of later levels (later-steps.ts)
 * in another, each under an advisory lock. Idempotent.
 * @param last for specs: the schema of an older program.
 * @returns the steps that were done. @throws MigrationError, SchemaTooNewError
 */
export async function migrate(db: Kysely<Database>, last?: keyof typeof STEPS): Promise<readonly string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...STEPS }) } });
  const { error, results } = last === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(last);
  const failed = results?.find((result) => result.status === 'Error');
  if (error !== undefined) throw new MigrationError(failed?.migrationName ?? '(start)', error);
  const done = (results ?? []).map((result) => result.migrationName);
  return last === undefined ? [...done, ...(await expand(db))] : done;
}
