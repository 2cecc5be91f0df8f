export { type AnswerMember, MemberCallError } from './calls.js';
export * from './errors.js';
export { MAX_GOSSIP_BYTES } from './gossip.js';
export { generateIdentity, type Identity, peerIdOf, seedOf, signWith, verifyFrom } from './identity.js';
export { createMailbox, type MemberMailbox } from './mailbox.js';
export type { MailboxOptions, MailboxPeer } from './options.js';
