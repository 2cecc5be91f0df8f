import { onJsonLines, sendLine } from '../os/lines.js';
import { keepLogsSmall } from './logs.js';
import type { FromVolume, ToVolume, VolumeSetup } from './protocol.js';
import { Trial } from './trial.js';

/** Touches one volume in the controller's place. Every call blocks: what hangs, hangs here, and the parent judges by its clock. */
const LOGS_EVERY = 20;
let trial: Trial | null = null;
let setup: VolumeSetup | null = null;
let looks = 0;

const say = (message: FromVolume) => sendLine(process.stdout, message);

onJsonLines<ToVolume>(process.stdin, (order) => {
  if ('setup' in order) begin(order.setup);
  else if (trial !== null) look(trial, order.id);
});
// A host that goes down tells everybody to end: the controller still needs us while it hands over, and ends us by this pipe.
process.on('SIGTERM', () => {});
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));

function begin(given: VolumeSetup): void {
  setup = given;
  if (given.account !== null) {
    // Only the effective ids, and only now: the program itself may lie where that account cannot read.
    process.setgroups?.([given.account.gid]);
    process.setegid?.(given.account.gid);
    process.seteuid?.(given.account.uid);
  }
  trial = new Trial(given);
  say({ ready: true });
}

function look(at: Trial, id: number): void {
  say(at.look(id));
  looks += 1;
  if (setup?.logs == null || looks % LOGS_EVERY !== 1) return;
  try {
    keepLogsSmall(setup.logs.folder, setup.logs.limitBytes);
  } catch {
    // The next time; a full or read-only volume is told by the look itself.
  }
}
