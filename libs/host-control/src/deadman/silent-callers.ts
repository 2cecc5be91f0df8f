import { signal } from '../os/containment.js';
import { commandLine, titledChildren } from '../os/processes.js';

const LOOK_EVERY_MS = 50;

/**
 * A client whose connection was accepted while PostgreSQL shut down, and that then says nothing (its packets go to an address that has
 * just moved away), holds the end of a clean shutdown up for authentication_timeout: the child that waits for its first packet is
 * told by nobody to go (PM_WAIT_DEAD_END in postmaster.c). It still carries the postmaster's own command line; SIGTERM ends it with
 * code 1, which is no crash (process_startup_packet_die). The checkpointer's end says that the shutdown checkpoint is written.
 *
 * @returns stops looking.
 */
export function sendSilentCallersAway(postmaster: number): () => void {
  const own = commandLine(postmaster);
  const timer = setInterval(() => {
    const children = titledChildren(postmaster);
    if (own === '' || children.some(({ title }) => title.includes('checkpointer'))) return;
    for (const { pid, title } of children) if (title === own) signal(pid, 'SIGTERM');
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
