/** Hosts with agents; those behind have the higher priority. */
export const NODES = ['n1', 'n2', 'n3'] as const;
export const SCOPE = 'all-nodes';
/** Places in queues, and for commands on `n3`. Who has one of `q2` may wait for `q3`, and who has that for `q1`. */
export const LIMITS: Readonly<Record<string, number>> = { q1: 1, q2: 2, q3: 1, n3: 2 };
/** Calendars: always and never. */
export const OPEN = 'open';
export const CLOSED = 'closed';
/** Folders: in the first ones files come all the time, in the second none ever. */
export const SOON = '/soon';
export const NEVER = '/never';
export const DROP = '/drop';
export const OUT = '/out';
/** Other clusters. */
export const GOOD = 'https://good.example';
export const DEAD = 'https://dead.example';
