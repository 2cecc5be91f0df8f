import type { Rights } from '../access/rights.js';
import { moreThanYouHave } from '../access/users.js';
import { forbidden } from '../auth/gate.js';
import type { Identity } from '../auth/identity.js';
import { ApiRefusal } from '../http/errors.js';
import type { LiveSettings } from '../settings/live-settings.js';

type Settings = Pick<LiveSettings, 'snapshot'>;

/** Whose agents and join tokens are: an agent is its node's owner's, as the node is now; one without a node is of whoever reaches everything. */
export class AgentRights {
  readonly #asker: Pick<Identity, 'rights' | 'login'>;
  readonly #live: Settings;

  constructor(asker: Pick<Identity, 'rights' | 'login'>, live: Settings) {
    this.#asker = asker;
    this.#live = live;
  }

  seesAgent(id: string): boolean {
    return this.#mayWith('read', this.#ownerOf(id));
  }

  seesToken({ ownerRole }: { readonly ownerRole: string }): boolean {
    return this.#mayWith('read', ownerRole);
  }

  /** @throws ApiRefusal */
  demandAgent(id: string): void {
    if (!this.seesAgent(id)) throw unknownAgent(id);
    if (!this.#mayWith('modify', this.#ownerOf(id))) throw forbidden(`a role that may change the node ${id}`, this.#asker.login);
  }

  /** @param token undefined: there is none of that number. @throws ApiRefusal */
  demandToken(number: string, token: { readonly ownerRole: string } | undefined): void {
    if (token === undefined || !this.seesToken(token)) throw unknownToken(number);
    if (!this.#mayWith('modify', token.ownerRole))
      throw forbidden(`a role that may change what is of ${token.ownerRole}`, this.#asker.login);
  }

  /** Nobody lets an agent in as a node that is not theirs, nor gives nodes to others. @throws ApiRefusal */
  demandNewToken({ node, scopes, ownerRole }: { node: string | null; scopes: readonly string[]; ownerRole: string }): void {
    const missing = scopes.find((scope) => {
      const owner = this.#live.snapshot.get('scope', scope)?.ownerRole;
      return owner === undefined || !this.#mayWith('read', owner);
    });
    if (missing !== undefined) throw new ApiRefusal(400, 'INVALID_INPUT', `scopes: there is no scope ${missing}`, 'scopes');
    if (!this.#mayWith('modify', ownerRole)) throw moreThanYouHave(`nodes of ${ownerRole}`, 'ownerRole');
    const owner = node === null ? undefined : this.#ownerOf(node);
    if (owner !== undefined && !this.#mayWith('modify', owner)) throw moreThanYouHave(`the node ${node}`, 'node');
  }

  #ownerOf(node: string): string | undefined {
    return this.#live.snapshot.get('node', node)?.ownerRole;
  }

  #mayWith(mode: 'read' | 'modify', owner: string | undefined): boolean {
    const { rights }: { readonly rights: Rights } = this.#asker;
    return owner === undefined ? rights.owners(mode) === null : rights.reaches(owner, mode);
  }
}

export const unknownAgent = (id: string) => new ApiRefusal(404, 'NOT_FOUND', `there is no agent ${id} that is not revoked`, 'id');
export const unknownToken = (number: string) => new ApiRefusal(404, 'NOT_FOUND', `there is no join token ${number}`, 'number');
