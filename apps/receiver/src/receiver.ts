import { join } from 'node:path';
import { explain, type Log } from '@yosugara/kernel';
import { type NodeConfig, type ReceiverReport, STATE_LAYOUT, type Watermark } from '@yosugara/protocol';
import { KeptListeners, monotonicMs, peerDialer, wallUs } from '@yosugara/receivers';
import { behindPeer, CopySender, watermarkOf } from '@yosugara/runtime';
import { membersOf } from './config.js';
import { CopyServer } from './copy-server.js';
import { nodeIdentity } from './identity.js';
import { isLetGo, type Journals, openJournals, scrubJournals } from './journals.js';
import { configuredListeners } from './listeners.js';
import { serveLocal } from './local-socket.js';
import { Losses } from './losses.js';
import { RoleWatch } from './role.js';
import { reportedAway, reportedIntake, reportedSources, saySmallBuffers } from './told.js';
import { openTraps } from './traps.js';
import { Undo } from './undo.js';

export interface RunningReceiver {
  watermark(): Watermark;
  report(): ReceiverReport;
  /** Closes the sockets, then syncs and closes the journals. */
  stop(): Promise<void>;
}

const WATERMARK_MS = 50;
const REPORT_MS = 500;
/** Said when this process did not run for so long: what it reads then is late, and what it could not keep is lost. */
const STOOD_STILL_MS = 1_000;

/**
 * Sockets → journal → peer, in every role, with or without a controller or a database.
 * @param onFatal the disk failed under the journal, or this machine was set back while it ran: say it and end.
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
  const journals = await openJournals(config, log, onFatal, undo);
  const { journal, copy } = journals;

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
  const dialed = { address: peer.address, port: config.ports.journal, localAddress: self.address, expected: peer.id };
  const dialer = peerDialer({ identity, ...dialed });
  const sender = new CopySender({ node: self.id, peer: peer.id, journal, wallUs, log, onChange: changed, onFatal, dialer });
  const vipAddress = config.cluster.vip?.address;
  const vip = new KeptListeners(vipAddress === undefined ? [] : listeners.on(vipAddress, 'vip'), log);
  undo.push(() => vip.close());
  const role = new RoleWatch(join(config.stateDir, STATE_LAYOUT.controlSocket), () => {
    vip.want(role.vip);
    changed();
  });
  undo.push(() => role.stop());
  const own = new KeptListeners(listeners.on(self.address, 'own'), log);
  undo.push(() => own.close());
  await own.begin();
  const server = await CopyServer.open(
    { config, identity, journals, sender, gate: listeners.gate, log, onChange: changed },
    undo,
  );
  undo.push(journal.onDurable(changed));
  sender.start();
  undo.push(() => sender.stop());

  const watermark = () => watermarkNow(self.id, journals, sender, server);
  const mend = (range: Parameters<CopyServer['mend']>[0]) => server.mend(range);
  scrubJournals(journals, log, mend, undo);
  const local = await serveLocal({ stateDir: config.stateDir, journals, sender, watermark, mend, log }, undo);

  const open = () => [...own.listeners, ...vip.listeners];
  const losses = new Losses({ journal, listeners: open, gate: listeners.gate, log });
  undo.push(() => losses.stop());
  const since = new Date().toISOString();
  const report = (): ReceiverReport => ({
    ...{ process: 'receiver', pid: process.pid, since, vipBound: vip.bound, peerLink: sender.link },
    ...reportedIntake(journal, losses, open()),
    listenersAway: reportedAway([...own.away, ...vip.away]),
    journalBytes: journal.stats().bytes + copy.bytes,
    behindPeer: behindPeer(watermark()),
    copyLost: server.lost,
    refused: Object.fromEntries(listeners.gate.refused),
    ...reportedSources(listeners.gate),
    ...(sender.linkWhy === null ? {} : { linkWhy: sender.linkWhy }),
  });
  sayStandstills(log, undo);
  every(undo, WATERMARK_MS, () => {
    if (!dirty) return;
    dirty = false;
    local.broadcast(watermark());
  });
  every(undo, REPORT_MS, () => role.report(report()));
  saySmallBuffers(log, own.listeners, config.receiver.receiveBufferBytes);
  log.info('receiver.ready', {
    node: self.id,
    journalId: journal.journalId,
    listeners: own.listeners.map((listener) => listener.stats()),
    asked: config.receiver.receiveBufferBytes,
  });
  return { watermark, report, stop: () => undo.run() };
}

function watermarkNow(node: string, { journal, copy }: Journals, sender: CopySender, { peerKeeps }: CopyServer): Watermark {
  return watermarkOf(node, journal, copy, {
    link: sender.link,
    clockOffsetUs: sender.clockOffsetUs,
    peerHas: (journalId) => sender.peerHas(journalId),
    ...{ peerHolds: sender.peerHolds, peerKeeps, canRead: sender.canRead },
  });
}

function sayStandstills(log: Log, undo: Undo): void {
  let ranAtMs = monotonicMs();
  every(undo, WATERMARK_MS, () => {
    const forMs = Math.round(monotonicMs() - ranAtMs);
    ranAtMs += forMs;
    if (forMs > STOOD_STILL_MS) log.warn('receiver.stood_still', { forMs });
  });
}

function every(undo: Undo, ms: number, work: () => void): void {
  const timer = setInterval(work, ms);
  undo.push(() => clearInterval(timer));
}
