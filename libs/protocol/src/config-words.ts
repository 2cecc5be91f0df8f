import { z } from 'zod';

export const id = z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, 'a lower-case letter, then up to 30 of a-z 0-9 _');
export const address = z.union([z.ipv4(), z.ipv6()]);
export const port = z.int().min(1).max(65535);

/** 4 or 6; null: this is no address. */
export function addressFamily(text: string): 4 | 6 | null {
  if (z.ipv4().safeParse(text).success) return 4;
  return z.ipv6().safeParse(text).success ? 6 : null;
}
