import { hash, verify } from '@node-rs/argon2';
import { ApiRefusal } from '../http/errors.js';

/** OWASP password storage cheat sheet: argon2id (the package's default), m = 19 MiB, t = 2, p = 1. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Hashes at work at once: each takes 19 MiB and a thread of libuv's pool, which file reads need too. */
const AT_ONCE = 2;
const MAX_WAITING = 32;

let busy = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting.length >= MAX_WAITING) throw new ApiRefusal(429, 'TOO_MANY_REQUESTS', 'too many logins at once; try again');
  if (busy >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else busy += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  }
}

export const hashPassword = async (password: string): Promise<string> => await inTurn(() => hash(password, OPTIONS));

let nobody: Promise<string> | undefined;

/** `stored` null = no such user: the same time is spent, so that logins cannot be guessed by the clock. */
export async function isPassword(stored: string | null, password: string): Promise<boolean> {
  nobody ??= hashPassword('nobody');
  const against = stored ?? (await nobody);
  return (await inTurn(() => verify(against, password))) && stored !== null;
}
