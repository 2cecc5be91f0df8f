// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { addressOf, type Query } from './call.js';

export interface StreamStreamQuery {
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
}
/** Server-sent events: `hello` {node, epoch, mode} at the start and when one of them changes; `cluster`, the status, when it changes, at most 2/s; `messages` {rows, dropped}, new rows that pass the filter, oldest first, at most 4/s. / Needs a login. */
export const streamStream = (query: Query<StreamStreamQuery> = {}) => addressOf('/api/v1/stream', query);

export interface TailTailQuery {
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
}
/** Server-sent events: `hello` {node, epoch, mode}; `messages` {rows}, new rows that pass the filter, oldest first, at most 4/s; A row with `storedLate` was received more than a minute before it was stored. `lagging` {skipped, atLeast}: so many rows were left out, since the client reads too slowly or was away for too long; the search has them. The `id` of the last event, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on. / Needs message: read. */
export const tailTail = (query: Query<TailTailQuery> = {}) => addressOf('/api/v1/messages/tail', query);

export interface EventStreamStreamQuery {
  readonly state?: string | readonly string[] | undefined;
  readonly priority?: string | readonly string[] | undefined;
  readonly facility?: string | undefined;
  readonly scope?: string | undefined;
  readonly monitor?: string | undefined;
  readonly plugin?: string | undefined;
  readonly notification?: string | undefined;
  readonly owner?: string | undefined;
  readonly text?: string | undefined;
}
/** Server-sent events: `hello` {node, epoch, mode}; `events` {rows}, new ones and those that somebody changed, as they are now, oldest first; `lagging` {}: some were left out, since the client reads too slowly or was away for too long; the list has them. The `id` of the last one, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on. / Needs event: read. */
export const eventStreamStream = (query: Query<EventStreamStreamQuery> = {}) => addressOf('/api/v1/events/stream', query);

export interface JobStreamStreamQuery {
  readonly unit?: string | undefined;
  readonly session?: string | undefined;
}
/** Server-sent events: `hello` {node, epoch, mode}; `sessions` {rows}, each that began or of which something changed, as it is now, at most once in each; `lagging` {}: some were left out, since the client reads too slowly or was away for too long; the list has them. The `id` of the last one, sent back as `Last-Event-ID` to whichever node, is where the next stream goes on. / Needs job: read. */
export const jobStreamStream = (query: Query<JobStreamStreamQuery> = {}) => addressOf('/api/v1/job-sessions/stream', query);
