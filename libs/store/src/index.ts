export { type DatabaseActivity, databaseActivity, databaseSize, type LongSession } from './activity.js';
export {
  AgentRepository,
  type SeenAgent,
  type StoredAgent,
  type StoredAuthority,
  type StoredToken,
} from './agents-repository.js';
export {
  type AuditEntry,
  type AuditLine,
  type AuditPosition,
  AuditRepository,
  type AuditSearch,
  letGoOfAudit,
} from './audit-repository.js';
export { CapacityRepository, groupOfTable, type ServerFacts, type SlotFacts } from './capacity-repository.js';
export { CollectedRepository, type SeriesQuery, type ValuesQuery } from './collected-repository.js';
export { CollectedSums } from './collected-sums.js';
export { AnswerKeptError, CommandAnswers, keepAnswer } from './command-answers.js';
export { type ConnectionOptions, Connections, type DatabaseState, DatabaseUnavailableError } from './connections.js';
export type { Database } from './database.js';
export { changeEvents, type EventAlteration, type EventNews, type EventQuery, EventRepository } from './events-repository.js';
export { type CountRetention, IngestReport, type SourceCounts, type SourcesQuery } from './ingest-report.js';
export { IngestTraces, type TracedCommit, type TracedRow } from './ingest-trace.js';
export {
  type ChangePlace,
  type FoundItem,
  type FoundPlace,
  type FoundWanted,
  InventoryRepository,
  type ItemPlace,
  type ItemsWanted,
  type StoredInventory,
} from './inventory-repository.js';
export { JobReportRepository } from './jobs-reports.js';
export { JobRepository } from './jobs-repository.js';
export { LATE_AFTER_MS, type LateBatch, LateBatches } from './late-batches.js';
export { type LaterStep, type LaterSteps, MigrationError, SchemaTooNewError } from './later-steps.js';
export { type MessageConditions, oidInText, structuredTerm, varbindTerm } from './message-filter.js';
export type { Histogram, HistogramQuery } from './message-histogram.js';
export { claim, MessageRepository } from './message-repository.js';
export {
  findMessages,
  type MessageDetail,
  type MessagePage,
  type MessageQuery,
  messageId,
  messageRowOf,
  parseMessageId,
} from './message-search.js';
export {
  type MibObjects,
  type MibPut,
  type MibRemoval,
  MibRepository,
  type MibResult,
  type MibSource,
  type MibState,
  type MibSummary,
  type MibToPut,
  type MibVersion,
} from './mib-repository.js';
export { migrate } from './migrate.js';
export { memoryOf, OperationsRepository } from './operations-repository.js';
export { insertOutbox, OutboxRepository } from './outbox-repository.js';
export { type OverviewQuery, OverviewRepository, type OverviewRows, type Tallied } from './overview-repository.js';
export { OF_ITSELF } from './owned.js';
export type { Partition } from './partition-spans.js';
export { DEFAULT_WIDTH, Partitions, type PartitionWidth } from './partitions.js';
export { SessionRepository } from './people.js';
export { type RecipeFields, rawOf, recipeOf } from './raw-recipe.js';
export { type CleanUp, cleanUp } from './retention/clean-up.js';
export { type Kept, keptOf, type Preview, previewOf } from './retention/kept.js';
export { type CleanUpStart, RetentionRepository } from './retention/retention-repository.js';
export { completeIndexes, type OptionalIndexes, setOptionalIndexes } from './search-indexes.js';
export {
  type SecretsPart,
  type SecretsPlace,
  SecretsRepository,
  type SecretsTable,
  type UsedKey,
} from './secrets-repository.js';
export { SettingsRepository } from './settings-repository.js';
export type * from './settings-types.js';
export { SettingsWriter } from './settings-writer.js';
export { expireStatuses, type StatusQuery, StatusRepository } from './statuses-repository.js';
export { openStore, type Store, type StoreOptions } from './store.js';
export { type HistoryEntry, type LagMinute, type StoredTakeOver, TakeOverRepository } from './take-over-repository.js';
export { type ApiToken, TokenRepository } from './tokens-repository.js';
export { type NewUser, type User, type UserAlteration, UserRepository } from './users-repository.js';
export { WriteProbeRepository } from './write-probe.js';
