import type { AgentsInside, JoinOutcome, Renewed } from '@yosugara/connectors';
import { issueAgent } from '@yosugara/connectors/pki';
import { type Clock, explain, InvalidInputError, type Log } from '@yosugara/kernel';
import { type JoinRequest, partsOfJoinToken } from '@yosugara/protocol';
import type { LiveSettings } from '../settings/live-settings.js';
import { type AgentTables, JoinRefusedError, tokenRefused } from './agent-tables.js';
import type { AgentWork } from './agent-work.js';
import { digestOf } from './join-tokens.js';
import { nodeOfAgent } from './node-of-agent.js';
import type { AgentRegister, KnownAgent } from './register.js';

export interface EnrolmentOptions {
  readonly tables: AgentTables;
  readonly register: AgentRegister;
  readonly links: AgentsInside;
  readonly live: Pick<LiveSettings, 'refresh'>;
  /** The cluster's own authority, as it is now: whom agents are to trust. */
  readonly clusterCa: () => string;
  readonly managers: () => readonly { readonly host: string; readonly port: number }[];
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** How agents come by their certificates, the first and the next. */
export class Enrolment {
  readonly #o: EnrolmentOptions;

  constructor(options: EnrolmentOptions) {
    this.#o = options;
  }

  async join(work: AgentWork, request: JoinRequest, address: string): Promise<JoinOutcome> {
    const { tables, live, log, clock, register, links, node } = this.#o;
    const { agent } = request;
    try {
      const secret = partsOfJoinToken(request.token)?.secret;
      // What is looked up is a digest: how long it takes says nothing of the secret.
      const digest = digestOf(secret ?? '');
      if (secret === undefined || !(await tables.isToken(digest))) throw tokenRefused();
      const { certificate, fingerprint, notAfter } = await issueAgent(work.authority!, agent, request.request, clock.wallMs());
      const entry = work.entry(`agent:${agent}`, 'agent.join');
      const joined = await tables.join(
        digest,
        { id: agent, address, fingerprint, endsAt: notAfter },
        (token) => nodeOfAgent(request, address, token),
        {
          ...{ epoch: work.epoch, guard: work.guard },
          entry: ({ token, isNewNode }) => ({
            ...entry,
            detail: { agent, address, token: token.number, tokenOf: token.createdBy, isNewNode },
          }),
        },
      );
      const joinedBy = `token ${joined.token.number}`;
      const known: KnownAgent = {
        ...{ id: agent, fingerprint, previous: null, endsAt: notAfter, joinedAt: new Date(clock.wallMs()), joinedBy },
        ...{ revokedAt: null, revokedBy: null, address },
      };
      register.put(known);
      links.turnOut(agent, 'another agent has joined in its place');
      if (joined.isNewNode) await live.refresh();
      log.info('agents.joined', { agent, from: address, token: joined.token.number, isNewNode: joined.isNewNode });
      const [authority, managers] = [this.#o.clusterCa(), [...this.#o.managers()]];
      const answer = { certificate, authority, managers, notAfter: notAfter.toISOString(), isNewNode: joined.isNewNode };
      return { kind: 'joined', answer };
    } catch (error) {
      log.warn('agents.joinRefused', { agent, from: address, why: explain(error), node });
      return refusalOf(error);
    }
  }

  async renew(work: AgentWork, agent: string, shown: string, request: string): Promise<Renewed> {
    const { tables, clock, log, register } = this.#o;
    const authority = this.#o.clusterCa();
    try {
      const { certificate, fingerprint, notAfter } = await issueAgent(work.authority!, agent, request, clock.wallMs());
      const next = { fingerprint, endsAt: notAfter };
      const detail = { agent, until: notAfter.toISOString() };
      const isDone = await tables.renew(agent, shown, next, work.change(`agent:${agent}`, 'agent.renew', detail));
      if (!isDone) return { certificate: null, authority, why: 'the certificate that it came with is none of its own any more' };
      register.renewed(agent, shown, next);
      return { certificate, authority, why: '' };
    } catch (error) {
      log.warn('agents.notRenewed', { agent, why: explain(error) });
      return { certificate: null, authority, why: explain(error).slice(0, 1_024) };
    }
  }
}

function refusalOf(error: unknown): JoinOutcome {
  if (error instanceof JoinRefusedError)
    return { kind: 'refused', status: error.status, code: error.code, message: error.message };
  if (error instanceof InvalidInputError) return { kind: 'refused', status: 400, code: error.code, message: error.message };
  return { kind: 'refused', status: 503, code: 'BUSY', message: 'it cannot be stored just now: try again in some seconds' };
}
