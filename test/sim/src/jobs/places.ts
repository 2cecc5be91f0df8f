/** Hosts with agents; those behind have the higher priority. */
export const NODES = ['n1', 'n2', 'n3'] as const;
export const SCOPE = 'all-nodes';
/** Places in `q1` and `q2`, and for commands on `n3`. */
export const LIMITS: Readonly<Record<string, number>> = { q1: 1, q2: 2, n3: 2 };
/** Folders: in the first ones files come all the time, in the second none ever. */
export const SOON = '/soon';
export const NEVER = '/never';
export const DROP = '/drop';
export const OUT = '/out';
/** Other clusters. */
export const GOOD = 'https://good.example';
export const DEAD = 'https://dead.example';
