// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { MessageHistogramSchema, MessagesSchema } from '../index.js';
import { apiCall, type Query } from './call.js';

export interface MessagesMessagesQuery {
  readonly text?: string | undefined;
  readonly source?: string | undefined;
  readonly host?: string | undefined;
  readonly app?: string | undefined;
  readonly proc?: string | undefined;
  readonly facility?:
    | 'kern'
    | 'user'
    | 'mail'
    | 'daemon'
    | 'auth'
    | 'syslog'
    | 'lpr'
    | 'news'
    | 'uucp'
    | 'cron'
    | 'authpriv'
    | 'ftp'
    | 'ntp'
    | 'audit'
    | 'alert'
    | 'clock'
    | 'local0'
    | 'local1'
    | 'local2'
    | 'local3'
    | 'local4'
    | 'local5'
    | 'local6'
    | 'local7'
    | undefined;
  readonly severity?: 'emerg' | 'alert' | 'crit' | 'err' | 'warning' | 'notice' | 'info' | 'debug' | undefined;
  readonly kind?: 'syslog' | 'trap' | 'custom' | undefined;
  readonly transport?: 'udp' | 'tcp' | 'tls' | 'relp' | 'http' | undefined;
  readonly sd?: string | readonly string[] | undefined;
  readonly varbind?: string | readonly string[] | undefined;
  readonly trap?: string | undefined;
  readonly onlyAt?: string | undefined;
  readonly reason?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly format?: 'json' | 'csv' | undefined;
}
/** Newest first; on a Standby as far as it has replayed. The probe token reads here, too: `yosugara messages` has no login, and who can read `secrets/pg-app` could read the table itself. As a table (`format=csv`) at most `limit` of them, page after page. / Needs message: read. */
export const messagesMessages = (query: Query<MessagesMessagesQuery> = {}) =>
  apiCall('GET', '/api/v1/messages', MessagesSchema, { query });

export interface MessagesHistogramQuery {
  readonly text?: string | undefined;
  readonly source?: string | undefined;
  readonly host?: string | undefined;
  readonly app?: string | undefined;
  readonly proc?: string | undefined;
  readonly facility?:
    | 'kern'
    | 'user'
    | 'mail'
    | 'daemon'
    | 'auth'
    | 'syslog'
    | 'lpr'
    | 'news'
    | 'uucp'
    | 'cron'
    | 'authpriv'
    | 'ftp'
    | 'ntp'
    | 'audit'
    | 'alert'
    | 'clock'
    | 'local0'
    | 'local1'
    | 'local2'
    | 'local3'
    | 'local4'
    | 'local5'
    | 'local6'
    | 'local7'
    | undefined;
  readonly severity?: 'emerg' | 'alert' | 'crit' | 'err' | 'warning' | 'notice' | 'info' | 'debug' | undefined;
  readonly kind?: 'syslog' | 'trap' | 'custom' | undefined;
  readonly transport?: 'udp' | 'tcp' | 'tls' | 'relp' | 'http' | undefined;
  readonly sd?: string | readonly string[] | undefined;
  readonly varbind?: string | readonly string[] | undefined;
  readonly trap?: string | undefined;
  readonly onlyAt?: string | undefined;
  readonly reason?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly bins?: number | undefined;
}
/** How many of those that a search would find were received when; the last hour when no time is given. Needs message: read. */
export const messagesHistogram = (query: Query<MessagesHistogramQuery> = {}) =>
  apiCall('GET', '/api/v1/messages/histogram', MessageHistogramSchema, { query });
