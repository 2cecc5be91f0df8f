import { copyFileSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Keeps each log below a limit while its writer goes on, as logrotate's `copytruncate` does: writers append, so after the truncation
 * they begin at 0 again. Lines written between the copy and the truncation are lost. Two files a log: `x.log` and `x.log.1`.
 */
export function keepLogsSmall(folder: string, limitBytes: number): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.log')) continue;
    const path = join(folder, name);
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= limitBytes) continue;
    rmSync(`${path}.1`, { force: true });
    try {
      copyFileSync(path, `${path}.1`);
    } catch {
      // No room for a copy: the newest lines go too, or the log would take what is left.
      rmSync(`${path}.1`, { force: true });
    }
    truncateSync(path, 0);
  }
}
