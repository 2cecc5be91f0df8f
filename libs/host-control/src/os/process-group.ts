/** Ends a program that was started `detached` with all that it started, but for who made a group of its own. */
export function killGroupOf(pid: number | undefined): void {
  if (pid !== undefined) tellGroup(pid, 'SIGKILL');
}

function tellGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it has ended already.
  }
}

const RUNNING = new Set<number>();
let isWatched = false;

/**
 * Ctrl-C is told to the group in the foreground of its terminal. What we run is in groups of its own and hears nothing: it is told as we
 * end, should a command be broken off. Where there is no terminal nobody was ever told.
 * @returns to be called when it has ended.
 */
export function toldAtOurEnd(pid: number | undefined): () => void {
  if (pid === undefined) return () => {};
  RUNNING.add(pid);
  if (!isWatched) process.once('exit', tellAll);
  isWatched = true;
  return () => void RUNNING.delete(pid);
}

function tellAll(): void {
  if (![process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)) return;
  for (const pid of RUNNING) tellGroup(pid, 'SIGINT');
}
