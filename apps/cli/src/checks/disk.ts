import { open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere } from '@yosugara/host-control/files';
import { type Check, type CheckContext, fail, isWitness, type Look, ok, warn } from './types.js';

const GB = 1024 ** 3;
const SPACE = { data: { least: 1, good: 10 }, witness: { least: 0.2, good: 1 } };
/** The consensus log waits for the disk before it answers: a lease of seconds does not outlive a disk that takes parts of one. */
const FSYNC_GOOD_MS = 20;
const FSYNC_MOST_MS = 200;
const FSYNCS = 100;
const FSYNC_WITHIN_MS = 5_000;

/** The folder that is there, of those above one that is not yet. */
async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) if ((await isThere(at)) || at === dirname(at)) return at;
}

const placesOf = (context: CheckContext): readonly string[] => {
  const { stateDir, dataDir } = context.config;
  return dataDir === undefined || isWitness(context) ? [stateDir] : [stateDir, dataDir];
};

export const diskSpace: Look = async (context) => {
  const { least, good } = isWitness(context) ? SPACE.witness : SPACE.data;
  const checks: Check[] = [];
  for (const place of placesOf(context)) {
    const { bavail, bsize } = await statfs(await existing(place));
    const free = (bavail * bsize) / GB;
    const [found, needed] = [`${free.toFixed(1)} GB free for ${place}`, `${least} GB, better ${good} GB`];
    const mend = `df -h ${place}; free or add space, or plan another folder with --${place === context.config.stateDir ? 'state' : 'data'}-dir`;
    checks.push(free >= good ? ok('disk-space', found, needed) : (free < least ? fail : warn)('disk-space', found, needed, mend));
  }
  return checks.slice(0, 1).concat(checks.slice(1).filter((check) => check.found !== checks[0]?.found));
};

/** How long a small write takes until it is on the disk, where the consensus log will lie. */
export const fsyncSpeed: Look = async ({ config }) => {
  return [fsyncCheck(await measureFsync(await existing(config.stateDir)))];
};

/** @param times ms that each of some small writes took. */
export function fsyncCheck(times: readonly number[]): Check {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const found = `median ${at(0.5).toFixed(1)} ms, 99 of 100 within ${at(0.99).toFixed(1)} ms`;
  const needed = `99 of 100 within ${FSYNC_GOOD_MS} ms, median below ${FSYNC_MOST_MS} ms`;
  const mend = 'use a disk with a protected write cache, or one that nobody else keeps busy';
  if (at(0.5) > FSYNC_MOST_MS) return fail('disk-fsync', found, needed, mend);
  return at(0.99) > FSYNC_GOOD_MS ? warn('disk-fsync', found, needed, mend) : ok('disk-fsync', found, needed);
}

async function measureFsync(folder: string): Promise<readonly number[]> {
  const path = join(folder, `.yosugara-check-${process.pid}`);
  const file = await open(path, 'wx', 0o600);
  try {
    const block = Buffer.alloc(4_096, 1);
    const times: number[] = [];
    const endMs = performance.now() + FSYNC_WITHIN_MS;
    while (times.length < FSYNCS && performance.now() < endMs) {
      const startMs = performance.now();
      await file.write(block, 0, block.length, times.length * block.length);
      await file.datasync();
      times.push(performance.now() - startMs);
    }
    return times;
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
