import { readFileSync, writeFileSync } from 'node:fs';
import type { Observed } from '../check/types.js';
import { apiAttempter } from './api-writer.js';
import { type ClientOrder, type ClientPlan, type ClientProgress, KEYS_A_WRITER } from './plan.js';
import { APPEND, sqlAttempter } from './sql-writer.js';
import { StatusPoller } from './status-poller.js';
import { SyslogSender } from './syslog-sender.js';
import { Writer } from './writer.js';

/** The client host's process: two writers, the syslog sender and the status poller, until the lab says quiet. */
export interface ClientResult extends Observed {
  /** Numbers that no socket took: a fault of the lab, not of the cluster. */
  readonly unsent: readonly number[];
  /** CLOCK_MONOTONIC. */
  readonly sendingBeganMs: number;
}

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ClientPlan;
const target = {
  port: plan.postgresPort,
  user: 'yosugara_app',
  password: plan.password,
  database: 'yosugara',
  tls: true,
  deadlineMs: plan.attemptDeadlineMs,
};
const sql = sqlAttempter({ ...target, hosts: plan.service });
const writers = {
  sql: new Writer('sql', sql, 'same key'),
  api: new Writer(
    'api',
    apiAttempter({
      ...{ hosts: plan.service, port: plan.apiPort, token: plan.password, deadlineMs: plan.attemptDeadlineMs },
      tls: plan.apiTls === true,
    }),
    'next key',
  ),
};
/** Through the VIP, all at once, and straight at each node: whoever acknowledges there is Master, whatever it says of itself. */
const appenders = [
  ...Array.from({ length: plan.concurrentWriters }, () => ({ hosts: plan.service, pauseMs: 40, retryMs: 50 })),
  ...plan.nodes.map((node) => ({ hosts: [node.address], pauseMs: 100, retryMs: 250 })),
].map(({ hosts, pauseMs, retryMs }) => {
  const attempt = sqlAttempter({ ...target, hosts, statement: APPEND });
  return { writer: new Writer('append', attempt, 'next key', pauseMs, retryMs), close: attempt.close };
});
const sender = new SyslogSender({
  addresses: plan.receivers,
  port: plan.syslogPort,
  trapPort: plan.trapPort,
  runTag: plan.runTag,
  perSecond: plan.messagesPerSecond,
});
const poller = new StatusPoller();

function tell(): void {
  const progress: ClientProgress = {
    kind: 'progress',
    lastAckMs: { sql: writers.sql.lastAckMs, api: writers.api.lastAckMs },
    acknowledged: writers.sql.acknowledged.length + writers.api.acknowledged.length,
    messagesSent: sender.sent,
    trouble: { sql: writers.sql.trouble, api: writers.api.trouble },
  };
  process.send?.(progress);
}

async function finish(): Promise<void> {
  sender.stop();
  await Promise.all([writers.sql.stop(), writers.api.stop(), poller.stop(), ...appenders.map(({ writer }) => writer.stop())]);
  sql.close();
  for (const { close } of appenders) close();
  const result: ClientResult = {
    acknowledged: [
      ...writers.sql.acknowledged,
      ...writers.api.acknowledged,
      ...appenders.flatMap(({ writer }) => writer.acknowledged),
    ],
    unknown: appenders.flatMap(({ writer }) => writer.unknown),
    masterAnswers: poller.answers,
    messagesSent: sender.sent,
    sendingBeganMs: sender.beganMs,
    unsent: sender.unsent,
  };
  writeFileSync(plan.resultFile, JSON.stringify(result));
  process.exit(0);
}

process.on('message', (order: ClientOrder) => {
  if (order.kind === 'quiet') void finish();
});
// The lab is gone: so are we.
process.on('disconnect', () => process.exit(1));
setInterval(tell, 100);
writers.sql.start(plan.firstKey);
writers.api.start(plan.firstKey);
for (const [at, { writer }] of appenders.entries()) writer.start(plan.firstKey + at * KEYS_A_WRITER);
sender.start();
poller.start(plan.nodes, plan.statusPort);
