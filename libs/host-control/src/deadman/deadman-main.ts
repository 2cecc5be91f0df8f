import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { Alarm } from '@yosugara/kernel';
import { lastLine, runBounded } from '../os/bounded.js';
import { onJsonLines, sendLine } from '../os/lines.js';
import { processFact } from '../os/processes.js';
import { endPredecessor, Keeper, protectFromOom } from './keeper.js';
import { armingOf, type DeadManSetup, type FromDeadMan, monotonicMs, type ToDeadMan } from './protocol.js';
import { keyFromSeed, postStopProof, signStopProof } from './stop-proof.js';
import { inspectWatchdog, Watchdog } from './watchdog.js';

/**
 * The dead man: a tiny program in a session of its own that holds PostgreSQL and the manager and obeys "lease until X".
 * It needs nothing of the controller to do its one duty: at X, or when the controller's end of the pipe closes, nobody is left.
 */
const controller = new Socket({ fd: 3, readable: true, writable: true });
// A full pipe (frozen controller) only grows a few lines of memory; a broken one is the EOF we wait for anyway.
controller.on('error', () => {});
const say = (message: FromDeadMan) => sendLine(controller, message);

const CHECK_MS = 50;
/** An operating system that goes down grants 10 s or more: a hand-over is through before, and so are our kill and our proof. */
const LEAVE_LIMIT_MS = 8_000;
let keeper: Keeper | null = null;
let watchdog: Watchdog | null = null;
let setup: DeadManSetup | null = null;
let leaseUntilMs = 0;
let leaseEpoch = 0;
/** Epochs up to this one are over for this boot: a proof was signed. Serving in them again would make the proof a lie. */
let provedEpoch = 0;
let killing: Promise<boolean> | null = null;
let givingBack: Promise<void> | null = null;
const alarm = new Alarm(monotonicMs, check);
let ending = false;
let leaving = false;

onJsonLines<ToDeadMan>(controller, (message) => {
  if ('setup' in message) void begin(message.setup);
  else if ('lease' in message) lease(message.lease, message.epoch);
  else if ('guard' in message) say({ id: message.id, guarded: watchdog?.guards() === true });
  else if (ending && 'spawn' in message) say({ id: message.id, refused: 'the dead man is ending' });
  else {
    // After a freeze this may come before the timer that would have struck: the clock is asked before anything is started.
    if ('spawn' in message) check();
    if ('spawn' in message && message.serves && watchdog?.guards() !== true)
      return say({ id: message.id, refused: 'the watchdog does not count yet: no fresh lease has come' });
    if (keeper !== null) void keeper.obey(message, say);
  }
});
controller.once('close', () => void end());
controller.once('end', () => void end());
process.on('SIGTERM', leave);
for (const name of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(name, () => {});

async function begin(given: DeadManSetup): Promise<void> {
  try {
    const key = keyFromSeed(readFileSync(given.seedFile, 'utf8'));
    await endPredecessor(given.pidFile);
    const held = new Keeper(given, (kind, pid, code, signal) => say({ exited: kind, pid, code, signal }));
    const leftoversKilled = await held.killEverything();
    if (leftoversKilled === null) throw new Error('processes of an earlier life cannot be killed');
    mkdirSync(dirname(given.pidFile), { recursive: true });
    writeFileSync(given.pidFile, JSON.stringify({ pid: process.pid, startTicks: processFact(process.pid)?.startTicks }));
    setup = given;
    keeper = held;
    proof = (epoch) => {
      const text = { node: given.node, epoch, bootId: given.bootId, atWallMs: Date.now() } as Parameters<typeof signStopProof>[1];
      return postStopProof(given.voters, signStopProof(given.clusterId, text, key));
    };
    setInterval(check, CHECK_MS);
    // After the kill: looking at the device may stop the countdown of an earlier life.
    const { watchdog: dog, watchdogSays: says } = given;
    const facts = dog === null ? ({ watchdog: 'off', timeoutMs: null, says } as const) : await inspectWatchdog(dog);
    watchdog = new Watchdog(dog, facts, monotonicMs, (now) => say({ watchdogNow: now }));
    const report = { pid: process.pid, oomScoreAdj: protectFromOom(), leftoversKilled, arming: armingOf(facts), ...facts };
    say({ ready: { ...report, containment: held.containment, memory: held.guardMemory() } });
  } catch (error) {
    say({ failed: error instanceof Error ? error.message : String(error) });
    setTimeout(() => process.exit(1), 100);
  }
}

let proof: (epoch: number) => Promise<number> = async () => 0;

function lease(untilMs: number, epoch: number): void {
  if (ending) return;
  if (epoch > provedEpoch) keeper?.mayServe(true);
  if (untilMs !== 0) {
    if (epoch <= provedEpoch || epoch < leaseEpoch) return;
    leaseEpoch = epoch;
  }
  leaseUntilMs = untilMs;
  if (untilMs === 0) watchdog?.release();
  else if (watchdog?.lease(untilMs) === false) return void expire();
  if (untilMs === 0) alarm.clear();
  else alarm.set(untilMs);
}

function check(): void {
  if (leaseUntilMs !== 0 && monotonicMs() >= leaseUntilMs) void expire();
}

/** The proof goes out only after two empty looks; without them the voters wait for the promise's own end. */
async function expire(): Promise<void> {
  const epoch = leaseEpoch;
  leaseUntilMs = 0;
  provedEpoch = Math.max(provedEpoch, epoch);
  keeper?.mayServe(false);
  keeper?.epochOver(provedEpoch);
  watchdog?.strike();
  while (!(await killAllOnce()));
  watchdog?.release();
  givingBack = giveBackVip();
  say({ struck: epoch });
  await proof(epoch);
}

/**
 * After the kill, which ended a move under way. The proof says nothing of addresses and does not wait for it: a cloud takes seconds, and
 * gives the address to the next Master anyway. The controller, should it be alive, releases it as well: releasing twice is once.
 */
async function giveBackVip(): Promise<void> {
  const call = setup?.giveBackVip ?? null;
  if (call === null) return;
  const ended = await runBounded(call);
  const how = ended.kind === 'ended' ? `ended with ${ended.code}` : ended.kind === 'late' ? 'did not end in time' : ended.why;
  const msg = ended.code === 0 ? 'deadman.vip_given_back' : 'deadman.vip_stays';
  const line = { time: new Date().toISOString(), node: setup?.node, msg, how, says: lastLine(ended), tookMs: ended.tookMs };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

function killAllOnce(): Promise<boolean> {
  killing ??= (async () => {
    try {
      return (await keeper!.killEverything()) !== null;
    } finally {
      killing = null;
    }
  })();
  return killing;
}

/**
 * The host goes down: everybody on it is told at once. What we hold serves on under the same lease while the controller hands over;
 * its end of the pipe closes when it is through.
 */
function leave(): void {
  if (keeper === null) void end();
  if (ending || leaving) return;
  leaving = true;
  keeper?.leave();
  say({ leaving: true });
  setTimeout(() => void end(), LEAVE_LIMIT_MS);
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  // Who hands over in order has released the VIP, and the lease after it.
  const isHeld = leaseUntilMs !== 0;
  leaseUntilMs = 0;
  // Somebody may end us alone: while we wait for the voters, a living controller must not serve in the epoch that we prove.
  provedEpoch = Math.max(provedEpoch, leaseEpoch);
  if (keeper !== null && setup !== null) {
    keeper.mayServe(false);
    keeper.close();
    // A process in uninterruptible sleep goes when its disk answers: we stay until it has, nobody else would.
    watchdog?.strike();
    while (!(await killAllOnce()));
    watchdog?.release();
    if (isHeld) givingBack = giveBackVip();
    if (leaseEpoch > 0) {
      say({ struck: leaseEpoch });
      await proof(leaseEpoch);
    }
    await givingBack;
    keeper.cleanUp();
  }
  process.exit(0);
}
