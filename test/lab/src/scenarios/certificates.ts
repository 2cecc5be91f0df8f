import { setTimeout as delay } from 'node:timers/promises';
import { type CertificatesAnswer, CertificatesAnswerSchema } from '@yosugara/protocol';
import { monotonicMs, until } from '../host/shell.js';
import { cut, demand, heal, powerOn } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** The life of a certificate is a minute (`shortCertificates`): two thirds of it, and what a key takes on a busy machine. */
const RENEWED_MS = 120_000;
/** So many lives of certificates go by while clients write. */
const ROUNDS = 3;
const CUT_MS = 1_500;
/** Between receivers; the lab leaves the default. */
const JOURNAL_PORT = 7_947;

const listed = async ({ cluster, target }: Stage): Promise<CertificatesAnswer> =>
  CertificatesAnswerSchema.parse(JSON.parse(await cluster.answer(target, ['certificates', 'list'])));

const shownBy = (answer: CertificatesAnswer): Map<string, string> =>
  new Map(
    answer.members.flatMap(({ member, state }) => (state?.certificate == null ? [] : [[member, state.certificate.sha256]])),
  );

/** Whoever was connected must show, and be shown, what is new: the links of receivers and of PostgreSQL are made anew. */
async function reconnect({ cluster, target }: Stage): Promise<void> {
  await cluster.network.drop(cut('a', 'b').map((rule) => rule.replace(/drop$/, `ether type ip tcp dport ${JOURNAL_PORT} drop`)));
  await delay(CUT_MS);
  await heal({ cluster });
  await cluster.sql(target, 'SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
}

/** All members show other certificates than before, without anybody having asked. */
async function renewedByItself(stage: Stage, before: Map<string, string>): Promise<Map<string, string>> {
  return await until('all members have renewed their certificates', RENEWED_MS, async () => {
    const now = shownBy(await listed(stage));
    return [...before].every(([member, sha256]) => now.has(member) && now.get(member) !== sha256) ? now : undefined;
  });
}

/** The data nodes keep the authority's key from the first day; now all have certificates of a minute, too. */
async function begin({ cluster, target }: Stage): Promise<void> {
  await cluster.yosugara(target, ['certificates', 'renew']);
}

async function throughRenewals(stage: Stage): Promise<void> {
  const { cluster, target, told, say } = stage;
  await begin(stage);
  let shown = shownBy(await listed(stage));
  for (let round = 1; round <= ROUNDS; round++) {
    const fromMs = monotonicMs();
    shown = await renewedByItself(stage, shown);
    say(`renewed by themselves for the ${round}. time after ${Math.round((monotonicMs() - fromMs) / 1_000)} s`);
    await reconnect(stage);
  }
  const fromMs = monotonicMs();
  const before = (await listed(stage)).members[0]?.state?.authorities[0]?.sha256;
  await cluster.yosugara(target, ['certificates', 'rotate-ca', '--timeout', '60']);
  told.measured['renewals'] = ROUNDS;
  told.measured['rotationMs'] = Math.round(monotonicMs() - fromMs);
  const after = await listed(stage);
  const authorities = new Set(after.members.flatMap(({ state }) => (state?.authorities ?? []).map(({ sha256 }) => sha256)));
  demand(
    authorities.size === 1 && !authorities.has(before ?? ''),
    `whom members trust after the change: ${[...authorities].join(', ')}`,
  );
  for (const { member, state } of after.members)
    demand(state?.certificate?.issuer === [...authorities][0], `${member} does not show a certificate of the new authority`);
  await reconnect(stage);
  shown = await renewedByItself(stage, shownBy(await listed(stage)));
  say('renewed under the new authority, too');
}

/** None has run out meanwhile. */
async function noneRanOut(stage: Stage): Promise<void> {
  const { target, say } = stage;
  const answer = await listed(stage);
  const ends = answer.members.map(({ state }) => Date.parse(state?.certificate?.until ?? '0'));
  say(`at the end certificates are good for ${Math.round((Math.min(...ends) - Date.now()) / 1_000)} s more`);
  demand(Math.min(...ends) > Date.now(), `a certificate has run out on a cluster that renews them itself; asked on ${target}`);
}

/** Longer than a certificate lives: the one that this host shows has ended when it comes back. */
async function longAway(stage: Stage): Promise<void> {
  const { cluster, target, other, notes } = stage;
  await begin(stage);
  const own = (await listed(stage)).members.find(({ member }) => member === target)?.state?.certificate;
  notes.set('endsMs', Date.parse(own?.until ?? ''));
  await cluster.hosts[target].powerOff();
  await cluster.statusWhere(other, `${other} serves alone`, 60_000, ({ nodes }) =>
    nodes.every((node) => node.syncSet === (node.name === other)),
  );
}

async function comesBack(stage: Stage): Promise<void> {
  const { notes, say } = stage;
  const endsMs = notes.get('endsMs') ?? Number.NaN;
  await delay(Math.max(0, endsMs - Date.now()) + 5_000);
  demand(Date.now() > endsMs, 'its certificate has not ended');
  say('its certificate has ended: it boots');
  await powerOn(stage);
}

/** Certificates of members. */
export const CERTIFICATES: readonly Scenario[] = [
  scenario({
    name: 'K1-certificates',
    pattern:
      'certificates live for a minute and are renewed by themselves; the authority is replaced by command; links are made anew after each',
    why: 'clients write and senders send all the time: nothing is lost, nothing is doubled, and nobody is Master who was not',
    on: 'master',
    // Links are cut for a moment each time: the Standby may leave the sync set, and comes back by itself.
    expect: 'settles',
    needs: { shortCertificates: true },
    fault: throughRenewals,
    atEnd: noneRanOut,
  }),
  scenario({
    name: 'K2-certificate-ended',
    pattern: 'the Standby is off for longer than its certificate lives, and comes back with one that has ended',
    why: 'members talk about certificates over their identities, which have no end: it is renewed, and then all is as after any power cut',
    on: 'standby',
    expect: 'goes-on',
    needs: { shortCertificates: true },
    cutsPower: true,
    fault: longAway,
    repair: comesBack,
    atEnd: noneRanOut,
  }),
];
