import type { MonitorOf } from '@yosugara/protocol';
import { single } from '../look.js';
import { askMysql } from '../sql/mysql.js';
import { askPostgres } from '../sql/postgres.js';
import { type SqlAsk, sqlValue } from '../sql/value.js';
import { type CurrentAuthorities, type Family, hostOf, tlsFor } from './family.js';

const PORTS = { postgresql: 5_432, mysql: 3_306 } as const;

export function sqlFamily(authorities: CurrentAuthorities): Family {
  return {
    types: ['sql-numeric', 'sql-string'],
    concurrency: 50,
    look: async (look, request) => {
      const check = request.check as MonitorOf<'sql-numeric'>['check'];
      const { driver, database, user, query, tls } = check;
      const ask: SqlAsk = {
        host: check.host === '' ? hostOf(request) : check.host,
        ...{ port: check.port ?? PORTS[driver], database, user, password: check.password ?? '', query },
        tls: tls === 'off' ? null : sqlTls(check.host, tlsFor(request, tls === 'verify', authorities)),
      };
      const askOne = driver === 'mysql' ? askMysql : askPostgres;
      const rows = await look.part(check.timeoutMs, async (part) => await askOne(part, ask));
      return single(sqlValue(rows, request.type === 'sql-string' ? 'text' : 'number'));
    },
  };
}

/** Who names another host than the node's means that one in the certificate as well. */
const sqlTls = (host: string, tls: ReturnType<typeof tlsFor>) => (host === '' ? tls : { ...tls, serverName: undefined });
