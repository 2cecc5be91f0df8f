import type { MibNodeKind } from '@yosugara/operations';
import type { MessageKind, SettingKind, UserSource } from '@yosugara/protocol';
import type { ColumnType, Generated } from 'kysely';

/** bigint columns come as text from the driver. */
type BigIntText = ColumnType<string, number | string, number | string>;
type Json = ColumnType<unknown, string | null, string | null>;

export interface MessageTable {
  received_at: ColumnType<Date, Date | string, never>;
  journal_id: string;
  seq: BigIntText;
  node: string;
  kind: MessageKind;
  source: string;
  facility: number | null;
  severity: number | null;
  host: string | null;
  app: string | null;
  proc_id: string | null;
  msg_id: string | null;
  sent_at: Date | null;
  structured: Json;
  varbinds: Json;
  text: string;
  raw: Buffer;
  flags: number;
  parse_reason: string | null;
  /** null: `node`, and `seen_with` when that is there. */
  seen_by: string[] | null;
  content: Buffer | null;
  /** null = 0 */
  late_us: ColumnType<string | null, number | string | null, number | string | null>;
  transport: number | null;
  /** What `raw` is: null = the bytes, 1 = their recipe. */
  raw_form: number | null;
  seen_with: string | null;
}

export interface MessageSeenAlsoTable {
  received_at: ColumnType<Date, Date | string, never>;
  journal_id: string;
  seq: BigIntText;
  node: string;
  copy_journal_id: string;
  copy_seq: BigIntText;
}

export interface IngestPositionTable {
  journal_id: string;
  seq: BigIntText;
}

export interface IngestWindowTable {
  id: number;
  version: BigIntText;
  offset_us: BigIntText;
  claims: Json;
  through_us: Json;
}

export interface OwnershipTable {
  id: number;
  epoch: BigIntText;
}

export interface AppUserTable {
  id: Generated<number>;
  login: string;
  /** null: somebody else knows the password (`source`). */
  password_hash: string | null;
  roles: Generated<string[]>;
  must_change: boolean;
  created_at: Generated<Date>;
  name: Generated<string>;
  mail: Generated<string>;
  language: Generated<string>;
  time_zone: Generated<string>;
  enabled: Generated<boolean>;
  source: Generated<UserSource>;
  external_id: Generated<string | null>;
  revision: Generated<number>;
  failures: Generated<number>;
  locked_until: Generated<Date | null>;
  last_login_at: Generated<Date | null>;
  totp_secret: Generated<Buffer | null>;
  totp_pending: Generated<Buffer | null>;
  totp_step: Generated<BigIntText>;
}

export interface RecoveryCodeTable {
  user_id: number;
  digest: Buffer;
}

export interface ApiTokenTable {
  id: Generated<number>;
  user_id: number;
  name: string;
  start: string;
  digest: Buffer;
  roles: string[];
  created_at: Generated<Date>;
  expires_at: Date;
  last_used_at: Generated<Date | null>;
  last_used_from: Generated<string | null>;
}

export interface SessionTable {
  id_hash: Buffer;
  user_id: number;
  created_at: Generated<Date>;
  expires_at: Date;
}

export interface AuditTable {
  id: Generated<string>;
  at: Generated<Date>;
  actor: string;
  action: string;
  target: string | null;
  detail: Json;
  epoch: BigIntText;
  came: string | null;
  address: string | null;
  node: string | null;
  done: Generated<boolean>;
}

/** `waiting`: for a module that it imports from and that is not here. `errors`: of other kinds; what was understood of it counts. */
export type MibState = 'compiling' | 'compiled' | 'waiting' | 'errors';

export interface MibModuleTable {
  name: string;
  file: string;
  first_line: number;
  source: string;
  digest: Buffer;
  imports: string[];
  uploaded_by: string;
  uploaded_at: Generated<Date>;
  state: Generated<MibState>;
  missing: Generated<string[]>;
  problems: Json;
  objects_digest: Buffer | null;
}

export interface MibObjectTable {
  module: string;
  oid: string;
  name: string;
  kind: MibNodeKind;
  type: Json;
  objects: string[];
  units: string | null;
  description: string | null;
}

export interface MibSetTable {
  id: number;
  wanted: BigIntText;
  compiled: BigIntText;
  compiler: number;
}

export interface SettingTable {
  kind: SettingKind;
  id: string;
  space: ColumnType<string, never, never>;
  revision: number;
  version: BigIntText;
  description: string;
  enabled: boolean;
  owner_role: string;
  body: Json;
  created_at: Generated<Date>;
  created_by: string;
  modified_at: Generated<Date>;
  modified_by: string;
}

export interface SettingRefTable {
  from_kind: SettingKind;
  from_id: string;
  to_kind: SettingKind;
  to_id: string;
}

export interface SettingHistoryTable {
  kind: SettingKind;
  id: string;
  revision: number;
  version: BigIntText;
  epoch: BigIntText;
  at: Generated<Date>;
  by: string;
  body: Json;
}

export interface SettingsVersionTable {
  id: number;
  version: BigIntText;
  epoch: BigIntText;
}

export interface Database {
  message: MessageTable;
  message_seen_also: MessageSeenAlsoTable;
  ingest_position: IngestPositionTable;
  ingest_window: IngestWindowTable;
  ownership: OwnershipTable;
  app_user: AppUserTable;
  session: SessionTable;
  recovery_code: RecoveryCodeTable;
  api_token: ApiTokenTable;
  audit: AuditTable;
  mib_module: MibModuleTable;
  mib_object: MibObjectTable;
  mib_set: MibSetTable;
  setting: SettingTable;
  setting_ref: SettingRefTable;
  setting_history: SettingHistoryTable;
  settings_version: SettingsVersionTable;
}
