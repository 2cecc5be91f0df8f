/** Ends a program that was started `detached` with all that it started, but for who made a group of its own. */
export function killGroupOf(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}
