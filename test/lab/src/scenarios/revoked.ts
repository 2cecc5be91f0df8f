import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CertificatesAnswerSchema, type Status } from '@yosugara/protocol';
import { type MemberName, otherOf, PLACES, PORTS } from '../cluster/layout.js';
import { agentsConnected, joinToken, startAgent } from '../host/agents.js';
import { NODE, WORKSPACE } from '../host/assets.js';
import { monotonicMs, run, until } from '../host/shell.js';
import { ManagedHost } from '../operations/managed-host.js';
import { demand, reboot } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** A revoked member and a revoked agent are out at all others within it (docs/certificates.md says: at once, the receiver's link within 1 s). */
const OUT_MS = 5_000;
/** So long they try to come in again. */
const TRIES_MS = 10_000;
const SERVES_DEADLINE_MS = 60_000;

const controllersSpeak = (status: Status, target: string) =>
  status.links.some(({ from, to, state }) => from !== target && to === target && state !== 'down');
const receiversSpeak = (status: Status, other: string) =>
  status.nodes.some(({ name, receiver }) => name === other && receiver?.peerLink === 'up');

async function replicates({ cluster, other, target }: Stage): Promise<boolean> {
  const text = `SELECT 1 FROM pg_stat_replication WHERE client_addr = '${PLACES[target].address}'`;
  return (await cluster.sql(other, text)).length > 0;
}

/** What of the target is still let in by the others. */
async function letIn(stage: Stage): Promise<readonly string[]> {
  const { cluster, target, other } = stage;
  const seen = [await cluster.status(other), await cluster.status('w')];
  return [
    ...(seen.some((status) => controllersSpeak(status, target)) ? ['consensus'] : []),
    ...(receiversSpeak(seen[0]!, other) ? ['receivers'] : []),
    ...((await replicates(stage)) ? ['replication'] : []),
  ];
}

/** With the passwords and the certificate that it had: somebody has the whole disk. */
async function knocks({ cluster, target, other, say }: Stage): Promise<void> {
  const secrets = `${cluster.hosts[target].mountpoint}/state/secrets`;
  const conninfo = (user: string, more: string) =>
    `host=${PLACES[other].address} port=${PORTS.postgres} user=${user} ${more} sslmode=require sslcert=${secrets}/tls.crt sslkey=${secrets}/tls.key connect_timeout=5`;
  const script = 'PGPASSWORD=$(head -n 1 "$1") psql -X "$2" -c "$3" 2>&1; true';
  const tries = [
    ['pg-replication', conninfo('yosugara_replication', 'replication=true dbname=replication'), 'IDENTIFY_SYSTEM'],
    ['pg-superuser', conninfo('postgres', 'dbname=yosugara'), 'SELECT 1'],
    ['pg-app', conninfo('yosugara_app', 'dbname=yosugara'), 'SELECT 1'],
  ] as const;
  for (const [secret, how, sql] of tries) {
    const said = (await cluster.hosts[target].exec('sh', ['-c', script, 'sh', `${secrets}/${secret}`, how, sql])).trim();
    say(`${target} at ${other}'s PostgreSQL with ${secret}: ${said.split('\n')[0]}`);
    demand(/no pg_hba\.conf entry|pg_hba\.conf rejects/.test(said), `${target} was not refused with ${secret}: ${said}`);
  }
}

async function agentRevoked(stage: Stage): Promise<void> {
  const { cluster, target, other, told, undo, runTag, say } = stage;
  const { master } = await cluster.status(other);
  const on = master === target ? target : other;
  const host = await ManagedHost.attach(cluster, PLACES.managed);
  undo.push(async () => await host.detach());
  const agent = `revoked-${runTag}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  await startAgent(host.daemons('agents'), agent, await joinToken(cluster, on, ['--uses', '1']), on);
  await agentsConnected(cluster, on, 1);
  const fromMs = monotonicMs();
  await cluster.yosugara(on, ['agents', 'revoke', agent]);
  await until(`${agent} is out`, OUT_MS, async () => ((await connected(stage, on)) === 0 ? true : undefined), 100);
  told.measured['agentOutMs'] = Math.round(monotonicMs() - fromMs);
  say(`agent ${agent} is out after ${told.measured['agentOutMs']} ms`);
}

async function connected({ cluster }: Stage, on: 'a' | 'b'): Promise<number> {
  const list = JSON.parse(await cluster.yosugara(on, ['agents', 'list', '--connected'])) as { rows: readonly unknown[] };
  return list.rows.length;
}

async function revoked(stage: Stage): Promise<void> {
  const { cluster, target, other, notes, told, say } = stage;
  await agentRevoked(stage);
  notes.set('struckMs', monotonicMs());
  await cluster.yosugara(other, ['certificates', 'revoke', target, '--yes']);
  const fromMs = monotonicMs();
  await until(`${target} is out everywhere`, OUT_MS, async () => ((await letIn(stage)).length === 0 ? true : undefined), 100);
  told.measured['nodeOutMs'] = Math.round(monotonicMs() - fromMs);
  say(`${target} is out everywhere ${told.measured['nodeOutMs']} ms after the command's end`);
}

/** Its programs begin anew and try, as does somebody who has its disk; the agent tries, too. */
async function staysOut(stage: Stage): Promise<void> {
  const { cluster, target, other, say } = stage;
  await knocks(stage);
  await reboot(stage);
  for (const untilMs = monotonicMs() + TRIES_MS; monotonicMs() < untilMs; await delay(500)) {
    const found = await letIn(stage);
    demand(found.length === 0, `${target} was let in again: ${found.join(', ')}`);
    const status = await cluster.status(target).catch(() => null);
    demand(status === null || status.master !== target, `${target} serves though it is revoked`);
  }
  const { master } = await cluster.statusWhere(other, `${other} serves`, SERVES_DEADLINE_MS, (status) => status.master === other);
  demand((await connected(stage, master as 'a' | 'b')) === 0, 'the revoked agent is connected again');
  say(`${target} and the agent tried for ${TRIES_MS / 1_000} s and were refused`);
  await cluster.yosugara(other, ['certificates', 'rotate-ca', '--leave-agents']);
  const listed = CertificatesAnswerSchema.parse(JSON.parse(await cluster.answer(other, ['certificates', 'list'])));
  const trusted = listed.members.find(({ member }) => member === other)?.state?.authorities ?? [];
  const known = await readFile(secretOf(stage, target, 'ca.crt'), 'utf8');
  demand(
    trusted.length === 1 && known !== (await readFile(secretOf(stage, other, 'ca.crt'), 'utf8')),
    `${target} knows the new authority`,
  );
  say('the authority is another one');
}

const secretOf = ({ cluster }: Stage, on: MemberName, name: string): string =>
  cluster.hosts[on].pathFromOutside(`${cluster.hosts[on].mountpoint}/state/secrets/${name}`);

/** docs/certificates.md, "After a revocation", 3: another identity for the same name, in all configurations. */
async function successor(stage: Stage): Promise<void> {
  const { cluster, target, say } = stage;
  const folder = await mkdtemp(join(tmpdir(), 'yosugara-successor-'));
  try {
    const cli = join(WORKSPACE, 'apps/cli/bin/yosugara.mjs');
    const members = [`${target}=${PLACES[target].address}`, `x=${PLACES[otherOf(target)].address}`];
    const options = [
      '--cluster-id',
      'lab',
      ...members.flatMap((each) => ['--member', each]),
      '--arbiter',
      `w=${PLACES.w.address}`,
    ];
    await run(NODE, [cli, 'init', '--out', folder, ...options], 60_000);
    const fresh = peerIdIn(await readFile(join(folder, target, 'yosugara.yaml'), 'utf8'), target);
    await copyFile(join(folder, target, 'secrets/identity.seed'), secretOf(stage, target, 'identity.seed'));
    await copyFile(secretOf(stage, otherOf(target), 'ca.crt'), secretOf(stage, target, 'ca.crt'));
    for (const name of cluster.members) {
      const file = cluster.hosts[name].pathFromOutside(cluster.configFile(name));
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(peerIdIn(text, target), fresh));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // Nothing of the others is started anew: their controllers and their receiver read the file by themselves.
  await until(`the others know ${target} by its new identity`, OUT_MS, async () => {
    const listed = CertificatesAnswerSchema.parse(JSON.parse(await cluster.answer(otherOf(target), ['certificates', 'list'])));
    return listed.members.every(({ member, isRevoked }) => member !== target || !isRevoked) ? true : undefined;
  });
  await reboot(stage);
  say(`${target} has another identity`);
}

/** As `init` writes a member. */
function peerIdIn(yaml: string, member: string): string {
  const found = new RegExp(`- id: ${member}\\n(?:      .*\\n)*?      peerId: (\\S+)`).exec(yaml)?.[1];
  if (found === undefined) throw new Error(`no peerId of ${member} in the configuration`);
  return found;
}

const COMMON = {
  why: 'controllers, receivers, PostgreSQL and agents refuse it within 5 s, also after its restart and with its passwords; the others serve on, and the name comes back with another identity',
  fault: revoked,
  look: staysOut,
  repair: successor,
  methods: ['follow', 'rewind', 'basebackup'],
} as const;

export const REVOKED: readonly Scenario[] = [
  scenario({
    ...COMMON,
    name: 'K3-standby-revoked',
    pattern: 'an agent is revoked, then the Standby, while clients write and senders send; then the authority is replaced',
    on: 'standby',
    expect: 'goes-on',
  }),
  scenario({
    ...COMMON,
    name: 'K4-master-revoked',
    pattern: 'an agent is revoked, then the Master, from the other data node; then the authority is replaced',
    on: 'master',
    expect: 'other-serves',
  }),
];
