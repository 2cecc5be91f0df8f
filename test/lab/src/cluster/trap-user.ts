/** Who may send traps to a cluster with `senders`; the same as in docs/senders. */
export const TRAP_USER = { name: 'ops', auth: 'auth passphrase', priv: 'priv passphrase' } as const;
export const COMMUNITY = 'ops-traps';
