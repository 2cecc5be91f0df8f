import { join } from 'node:path';
import { openPeerCopy, openReceiverJournal, type ReceiverJournal } from '@yosugara/journal';
import { explain, type Log } from '@yosugara/kernel';
import type { RecordRef } from '@yosugara/operations';
import {
  AwayReadSchema,
  DamagedSchema,
  IngestedSchema,
  type NodeConfig,
  type ReceiverReport,
  STATE_LAYOUT,
  type Watermark,
} from '@yosugara/protocol';
import { type Listener, listenPeer, monotonicMs, peerDialer, serveLines, VipListeners, wallUs } from '@yosugara/receivers';
import {
  type AwayRange,
  behindPeer,
  CopySender,
  type DamagedRange,
  type HeldCopy,
  type HeldJournal,
  holdCopy,
  letGo,
  type PeerChannel,
  readHere,
  watermarkOf,
} from '@yosugara/runtime';
import { answerRead } from './away.js';
import { membersOf } from './config.js';
import { nodeIdentity } from './identity.js';
import { journalEncryption } from './journal-keys.js';
import { configuredListeners } from './listeners.js';
import { Losses } from './losses.js';
import { RoleWatch } from './role.js';
import { Scrub } from './scrub.js';
import { reportedSources, sayDamage, saySmallBuffers } from './told.js';
import { openTraps } from './traps.js';
import { Undo } from './undo.js';

export interface RunningReceiver {
  watermark(): Watermark;
  report(): ReceiverReport;
  /** Closes the sockets, then syncs and closes the journals. */
  stop(): Promise<void>;
}

const MB = 1024 * 1024;
const WATERMARK_MS = 50;
const REPORT_MS = 500;
/** Said when this process did not run for so long: what it reads then is late, and what it could not keep is lost. */
const STOOD_STILL_MS = 1_000;

/**
 * Sockets → journal → peer, in every role, with or without a controller or a database.
 * @param onFatal the disk failed under the journal: say it and end.
 * @param file where the configuration stands, for what is taken up while it runs; null: nothing is.
 */
export async function startReceiver(
  config: NodeConfig,
  log: Log,
  onFatal: (error: Error) => void,
  file: string | null = null,
): Promise<RunningReceiver> {
  const undo = new Undo();
  try {
    return await start(config, file, log, onFatal, undo);
  } catch (error) {
    await undo.run().catch((also: unknown) => log.warn('receiver.stop_failed', { why: explain(also) }));
    throw error;
  }
}

async function start(
  config: NodeConfig,
  file: string | null,
  log: Log,
  onFatal: (error: Error) => void,
  undo: Undo,
): Promise<RunningReceiver> {
  const { self, peer } = membersOf(config);
  const at = (name: string) => join(config.stateDir, name);
  const maxBytes = config.receiver.maxJournalMb * MB;
  const encryption = journalEncryption(config, log, undo);
  const journal = await openReceiverJournal({ dir: at(STATE_LAYOUT.journalOwn), node: self.id, maxBytes, encryption, onFatal });
  undo.push(() => journal.close());
  const copy = await openPeerCopy({ dir: at(STATE_LAYOUT.journalPeer), maxBytes, encryption, onFatal });
  undo.push(() => copy.close());
  sayDamage(log, journal, copy);

  // Before anything that can call back: stretching passphrases takes a while.
  const safeSeq = () => (role.ingestAlone ? journal.durableSeq : Math.min(journal.durableSeq, sender.peerHas(journal.journalId)));
  const traps = await openTraps(config, log, {
    intake: (record) => journal.append(record),
    lastSeq: () => journal.nextSeq - 1,
    safeSeq,
    isSafe: (ref) => role.ingestAlone || sender.peerHas(ref.journalId) >= ref.seq || isLetGo(journal, ref),
    earlier: {
      journals: () => journal.journals().filter(({ journalId }) => journalId !== journal.journalId),
      read: (journalId, fromSeq, maxBytes) => journal.read(journalId, fromSeq, maxBytes),
    },
  });
  undo.push(() => traps.stop());
  const identity = nodeIdentity(config, file, log);
  const listeners = configuredListeners(config, log, { journal, safeSeq, traps: traps.intake });
  traps.onRefused((address, reason) => listeners.gate.refuse(address, reason));

  let dirty = true;
  const changed = () => {
    dirty = true;
    listeners.answerWhatIsSafe();
  };
  const sender = new CopySender({
    ...{ node: self.id, peer: peer.id, journal, wallUs, log, onChange: changed },
    dialer: peerDialer({
      identity,
      address: peer.address,
      port: config.ports.journal,
      localAddress: self.address,
      expected: peer.id,
    }),
  });
  const vipAddress = config.cluster.vip?.address;
  const vip = new VipListeners(vipAddress === undefined ? [] : listeners.on(vipAddress, 'vip'), log);
  undo.push(() => vip.close());
  const role = new RoleWatch(at(STATE_LAYOUT.controlSocket), () => {
    vip.want(role.vip);
    changed();
  });
  undo.push(() => role.stop());
  const own = await openAll(listeners.on(self.address, 'own'), undo);

  let copyLost = 0;
  let holding: PeerChannel | null = null;
  let held: HeldCopy | null = null;
  let peerKeeps: readonly HeldJournal[] = [];
  const onKept = (journals: readonly HeldJournal[]) => void (peerKeeps = journals);
  const server = await listenPeer({
    ...{ identity, address: self.address, port: config.ports.journal, expected: peer.id },
    onRefused: (why) => log.warn('copy.refused', { why }),
    onChannel: (channel) => {
      // The newest connection is the living one; an older may be the ghost of a host that froze.
      holding?.close('replaced by a newer connection');
      holding = channel;
      const read = (range: AwayRange) => readHere(self.id, journal, copy, range, (journalId) => sender.peerHas(journalId));
      const onLost = (records: number) => void (copyLost += records);
      held = holdCopy({ channel, copy, wallUs, log, onChange: changed, read, onLost, onKept });
    },
  });
  undo.push(() => server.close());
  undo.push(journal.onDurable(changed));
  sender.start();
  undo.push(() => sender.stop());

  const watermark = (): Watermark =>
    watermarkOf(self.id, journal, copy, {
      link: sender.link,
      clockOffsetUs: sender.clockOffsetUs,
      peerHas: (journalId) => sender.peerHas(journalId),
      ...{ peerHolds: sender.peerHolds, peerKeeps, canRead: sender.canRead },
    });
  const mend = (range: DamagedRange) => {
    const isOwn = journal.journals().some(({ journalId }) => journalId === range.journalId);
    if (isOwn) sender.mend(range);
    else held?.mend(range);
  };
  for (const journals of [journal, copy]) {
    const scrub = new Scrub({ journals, log, onDamage: mend });
    scrub.start();
    undo.push(() => scrub.stop());
  }
  let dropping = Promise.resolve();
  const local = await serveLines(at(STATE_LAYOUT.receiverSocket), {
    onOpen: (connection) => connection.send(watermark()),
    onDocument: (document, connection) => {
      const damage = DamagedSchema.safeParse(document);
      if (damage.success) return mend(damage.data.damaged);
      const asked = AwayReadSchema.safeParse(document);
      if (asked.success) return void answerRead(connection, sender, asked.data.read);
      const { ingested } = IngestedSchema.parse(document);
      dropping = dropping
        .then(() => letGo(watermark(), ingested, journal, copy))
        .catch((error: unknown) => log.warn('journal.not_dropped', { why: String(error) }));
    },
  });
  undo.push(() => local.close());

  const open = () => [...own, ...vip.listeners];
  const losses = new Losses({ journal, listeners: open, gate: listeners.gate, log });
  undo.push(() => losses.stop());
  const since = new Date().toISOString();
  const report = (): ReceiverReport => ({
    ...{ process: 'receiver', pid: process.pid, since, vipBound: vip.bound, peerLink: sender.link },
    received: journal.stats().appended,
    journalBytes: journal.stats().bytes + copy.bytes,
    behindPeer: behindPeer(watermark()),
    ...{ dropped: losses.dropped, kernelDrops: losses.kernelDrops, journalFull: losses.journalFull, copyLost },
    ...{ refusedFull: journal.stats().refusedFull, refusedBacklog: journal.stats().refusedBacklog },
    ...{ refused: Object.fromEntries(listeners.gate.refused), lately: losses.lately },
    listeners: open().map((listener) => {
      const { sinceMs, ...stats } = listener.stats();
      return { ...stats, since: new Date(sinceMs).toISOString(), kernelDrops: losses.dropsOf(listener) };
    }),
    ...reportedSources(listeners.gate),
    ...(sender.linkWhy === null ? {} : { linkWhy: sender.linkWhy }),
  });
  let ranAtMs = monotonicMs();
  every(undo, WATERMARK_MS, () => {
    const forMs = Math.round(monotonicMs() - ranAtMs);
    ranAtMs += forMs;
    if (forMs > STOOD_STILL_MS) log.warn('receiver.stood_still', { forMs });
    if (!dirty) return;
    dirty = false;
    local.broadcast(watermark());
  });
  every(undo, REPORT_MS, () => role.report(report()));
  saySmallBuffers(log, own, config.receiver.receiveBufferBytes);
  log.info('receiver.ready', {
    node: self.id,
    journalId: journal.journalId,
    listeners: own.map((listener) => listener.stats()),
    asked: config.receiver.receiveBufferBytes,
  });
  return { watermark, report, stop: () => undo.run() };
}

/** Then it was on both disks, and is in both databases. */
function isLetGo(journal: ReceiverJournal, { journalId, seq }: RecordRef): boolean {
  return !journal.journals().some((range) => range.journalId === journalId && range.firstSeq <= seq);
}

async function openAll(open: readonly (() => Promise<Listener>)[], undo: Undo): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  for (const each of open) {
    const listener = await each();
    undo.push(() => listener.close());
    listeners.push(listener);
  }
  return listeners;
}

function every(undo: Undo, ms: number, work: () => void): void {
  const timer = setInterval(work, ms);
  undo.push(() => clearInterval(timer));
}
