import { execFileSync } from 'node:child_process';
import { SILENT_LOG } from '@yosugara/kernel';
import { Connections } from '@yosugara/store';
import { startTestPostgres } from '@yosugara/testkit';
import type { FloodTarget } from './flood.js';
import { startRsyslog } from './rsyslog.js';

export interface RowPeer {
  readonly target: FloodTarget;
  /** Of `rsyslogd` and of its PostgreSQL. */
  processes(): Readonly<Record<string, readonly number[]>>;
  rows(): Promise<number>;
  stop(): Promise<void>;
}

/** Columns as in rsyslog-pgsql's own table and template; those that its template leaves empty are left out of the table. */
const TABLE = `create table systemevents (id serial not null primary key, receivedat timestamp, devicereportedtime timestamp, facility smallint,
  priority smallint, fromhost varchar(60), message text, infounitid int, syslogtag varchar(60))`;
const TEMPLATE = `template(name="row" type="string" option.sql="on" string="insert into SystemEvents (Message, Facility, FromHost, Priority, DeviceReportedTime, ReceivedAt, InfoUnitID, SysLogTag) values ('%msg%', %syslogfacility%, '%HOSTNAME%', %syslogpriority%, '%timereported:::date-pgsql%', '%timegenerated:::date-pgsql%', %iut%, '%syslogtag%')")
module(load="ompgsql")`;

/** rsyslog, imudp → ompgsql, 1024 messages a transaction, into a PostgreSQL of its own that has the settings of the cluster's. */
export async function startRsyslogRows(workers = 1): Promise<RowPeer> {
  const server = await startTestPostgres({ fsync: 'on', shared_buffers: '64MB', full_page_writes: 'on', wal_log_hints: 'on' });
  const undo: (() => unknown)[] = [() => server.stop()];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const database = new Connections(
      {
        node: 'peer',
        host: server.host,
        port: server.port,
        user: 'postgres',
        database: 'postgres',
        password: 'x',
        clusterCa: null,
      },
      SILENT_LOG,
    );
    undo.push(() => database.close());
    await database.readers.query(TABLE);
    const rsyslog = await startRsyslog(
      `action(type="ompgsql" server="${server.host}" port="${server.port}" user="postgres" pass="x" db="postgres" template="row")`,
      `queue.type="FixedArray" queue.size="200000" queue.dequeueBatchSize="1024" queue.workerThreads="${workers}" queue.workerThreadMinimumMessages="1024"`,
      TEMPLATE,
    );
    undo.push(() => rsyslog.stop());
    return {
      ...{ target: rsyslog, stop },
      processes: () => ({
        rsyslogd: [rsyslog.pid],
        PostgreSQL: [server.pid, ...childrenOf(server.pid)],
      }),
      rows: async () => {
        const { rows } = await database.readers.query<{ last: string }>(
          'select case when is_called then last_value else 0 end as last from systemevents_id_seq',
        );
        return Number(rows[0]?.last ?? 0);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function childrenOf(pid: number): number[] {
  return execFileSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
    .split('\n')
    .map(Number)
    .filter((child) => child > 0);
}
