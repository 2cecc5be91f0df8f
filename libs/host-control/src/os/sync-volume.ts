import { release } from 'node:os';
import { run } from './run.js';

/** syncfs(2) reports errors of the writeback since Linux 5.8; before that only an fsync of each file does. */
const [major = 0, minor = 0] = release()
  .split('.')
  .map((part) => Number.parseInt(part, 10));
export const canSyncVolumes = process.platform === 'linux' && (major > 5 || (major === 5 && minor >= 8));

const DEADLINE_MS = 30 * 60_000;

/** Everything on the volumes of these folders is on disk, by one syncfs each: files written by a tool that was told not to. @throws */
export async function syncVolumes(folders: readonly string[]): Promise<void> {
  const { code, stderr } = await run('/bin/sync', ['-f', ...folders], { cwd: '/', deadlineMs: DEADLINE_MS });
  if (code !== 0) throw new Error(`sync -f exited ${code}: ${stderr.trim().slice(0, 300)}`);
}
