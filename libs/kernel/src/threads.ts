/**
 * For the environment of a program that is to start: it reads this once, before its first work on files. All of its looks at files, names and
 * hashes share libuv's threads, four where nothing is said; each look at a volume that hangs keeps its thread for good, a few beside each other
 * at the worst, and the fsync of another volume, which is well, must still find one.
 */
export const THREAD_POOL = { UV_THREADPOOL_SIZE: '16' } as const;
