import { readdir, readFile, readlink, realpath } from 'node:fs/promises';

/** O_WRONLY and O_RDWR of the flags in /proc/PID/fdinfo/N, which are octal (proc(5)). */
const WRITES = 0o3;

/** Of these files, those that a process of this host has open for writing. Without root, only its own user's are seen. */
export async function openForWriting(paths: readonly string[]): Promise<ReadonlySet<string>> {
  const wanted = new Map<string, string>();
  for (const path of paths) wanted.set(await realpath(path).catch(() => path), path);
  const found = new Set<string>();
  if (wanted.size === 0) return found;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const path = wanted.get(target);
      if (path === undefined || found.has(path)) continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '');
      const flags = Number.parseInt(/^flags:\s+([0-7]+)/m.exec(info)?.[1] ?? '0', 8);
      if ((flags & WRITES) !== 0) found.add(path);
    }
  }
  return found;
}
