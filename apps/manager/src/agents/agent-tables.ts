import { YosugaraError } from '@yosugara/kernel';
import { ALL_USERS, type SettingInput } from '@yosugara/protocol';
import type { Keep } from '@yosugara/runtime';
import {
  AgentRepository,
  type Connections,
  keepAnswer,
  type SeenAgent,
  SettingsRepository,
  SettingsWriter,
  type StoredAgent,
  type StoredAuthority,
  type StoredToken,
} from '@yosugara/store';
import { noteAudit } from '../store/audit.js';
import type { AuditEntry, CommitGuard } from '../store/ports.js';

/** Under what it is written, and what the audit trail says of it. */
export interface AgentChange {
  readonly entry: AuditEntry;
  readonly guard: CommitGuard;
}

/** It is not let in; nothing was kept. */
export class JoinRefusedError extends YosugaraError {
  override readonly name = 'JoinRefusedError';
  readonly status: number;
  constructor(status: number, code: string, message: string) {
    super(code, message);
    this.status = status;
  }
}

export interface JoiningAgent {
  readonly id: string;
  readonly address: string;
  readonly fingerprint: string;
  readonly endsAt: Date;
}

/** What a token says of nodes that are added by it. */
export type NodeToken = Pick<StoredToken, 'scopes' | 'ownerRole'>;

export interface Joined {
  readonly token: Pick<StoredToken, 'number' | 'description' | 'createdBy'>;
  /** false: the node was there. */
  readonly isNewNode: boolean;
}

/** Tables of agents. Every call has a deadline; failures are those of `Connections`. */
export interface AgentTables {
  authorities(): Promise<readonly StoredAuthority[]>;
  addAuthority(authority: Omit<StoredAuthority, 'number'>, change: AgentChange): Promise<void>;
  agents(): Promise<readonly StoredAgent[]>;
  isToken(digest: Buffer): Promise<boolean>;
  /**
   * Uses the token up by one, makes the node where it is not there, and notes the agent: all of it or nothing.
   * @param node of its repository, as the token says. @throws JoinRefusedError
   */
  join(
    digest: Buffer,
    agent: JoiningAgent,
    node: (token: NodeToken) => SettingInput,
    change: { readonly epoch: number; readonly entry: (joined: Joined) => AuditEntry; readonly guard: CommitGuard },
  ): Promise<Joined>;
  renew(
    id: string,
    shown: string,
    next: { readonly fingerprint: string; readonly endsAt: Date },
    change: AgentChange,
  ): Promise<boolean>;
  revoke(id: string, by: string, change: AgentChange): Promise<boolean>;
  saw(agents: readonly SeenAgent[], epoch: number, guard: CommitGuard): Promise<void>;
  /** @throws AnswerKeptError */
  addToken(token: Parameters<AgentRepository['addToken']>[0], change: AgentChange, keep: Keep<number>): Promise<number>;
  tokens(limit: number, after?: number | null): Promise<readonly StoredToken[]>;
  removeToken(number: number, change: AgentChange): Promise<boolean>;
}

type Db = Parameters<Parameters<Connections['write']>[1]>[0];

export function agentTables(connections: Connections): AgentTables {
  const read = async <T>(work: (agents: AgentRepository) => Promise<T>): Promise<T> =>
    await connections.read(async (db) => await work(new AgentRepository(db)));
  const write = async <T>(work: (agents: AgentRepository, db: Db) => Promise<T>, { entry, guard }: AgentChange): Promise<T> =>
    await connections.write(
      entry.epoch,
      async (db) => {
        const done = await work(new AgentRepository(db), db);
        if (done !== false) await noteAudit(db, entry);
        return done;
      },
      guard,
    );
  return {
    authorities: async () => await read(async (agents) => await agents.authorities()),
    addAuthority: async (authority, change) => await write(async (agents) => await agents.addAuthority(authority), change),
    agents: async () => await read(async (agents) => await agents.agents()),
    // Locks nothing: it is asked again in the transaction.
    isToken: async (digest) => await read(async (agents) => await agents.isToken(digest)),
    join: async (digest, agent, node, { epoch, entry, guard }) =>
      await connections.write(
        epoch,
        async (db) => {
          const joined = await join(db, digest, agent, node, epoch);
          await noteAudit(db, entry(joined));
          return joined;
        },
        guard,
      ),
    renew: async (id, shown, next, change) => await write(async (agents) => await agents.renew(id, shown, next), change),
    revoke: async (id, by, change) => await write(async (agents) => await agents.revoke(id, by), change),
    saw: async (seen, epoch, guard) =>
      await connections.write(epoch, async (db) => await new AgentRepository(db).saw(seen), guard),
    addToken: async (token, change, keep) =>
      await write(async (agents, db) => {
        const { number } = await agents.addToken(token);
        const kept = keep(number);
        if (kept !== null) await keepAnswer(db, kept);
        return number;
      }, change),
    tokens: async (limit, after = null) => await read(async (agents) => await agents.tokens(limit, after)),
    removeToken: async (number, change) => await write(async (agents) => await agents.removeToken(number), change),
  };
}

/** A token for any node makes an agent of one that is there only when it is of the same owner: whoever made it may have no say over others. */
const isOfToken = (node: { readonly ownerRole: string }, token: NodeToken): boolean =>
  node.ownerRole === token.ownerRole || node.ownerRole === ALL_USERS;

async function join(
  db: Db,
  digest: Buffer,
  agent: JoiningAgent,
  node: (token: NodeToken) => SettingInput,
  epoch: number,
): Promise<Joined> {
  const agents = new AgentRepository(db);
  const token = await agents.tokenOf(digest);
  if (token === null) throw tokenRefused();
  const { id } = agent;
  if (token.node !== null && token.node !== id)
    throw new JoinRefusedError(403, 'TOKEN_REFUSED', `this token is for the node ${token.node} only`);
  // Whoever has a token for many must not become one of those that are there.
  if (token.node === null && (await agents.find(id)) !== null)
    throw new JoinRefusedError(
      409,
      'AGENT_EXISTS',
      `the node ${id} has, or had, an agent: a new one needs a token for this very node`,
    );
  const known = await new SettingsRepository(db).get({ kind: 'node', id });
  const isNewNode = known === null;
  if (known !== null && token.node === null && !isOfToken(known, token))
    throw new JoinRefusedError(
      403,
      'TOKEN_REFUSED',
      `the node ${id} belongs to others than the nodes of this token: it needs a token for this very node`,
    );
  if (isNewNode) {
    const outcome = await new SettingsWriter(db).put([node(token)], { by: `agent:${id}`, epoch, expected: null });
    if (outcome.kind !== 'done')
      throw new JoinRefusedError(409, 'NODE_REFUSED', `the node ${id} cannot be added to the repository: ${outcome.kind}`);
  }
  await agents.useToken(token.number);
  const { address, fingerprint, endsAt } = agent;
  await agents.join({ id, fingerprint, endsAt, address, joinedBy: `token ${token.number}` });
  return { token, isNewNode };
}

/** In the same words whatever is wrong with it. */
export const tokenRefused = () =>
  new JoinRefusedError(403, 'TOKEN_REFUSED', 'this token is unknown, used up or over: ask for a new one (yosugara agents token)');
