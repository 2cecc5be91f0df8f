/** One sentence that was looked at, and what was seen. */
export interface Check {
  readonly says: string;
  readonly holds: boolean;
  readonly found: string;
}

export const check = (says: string, holds: boolean, found: unknown): Check => ({ says, holds, found: String(found) });
