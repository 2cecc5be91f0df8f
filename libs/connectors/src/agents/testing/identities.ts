import {
  type Authority,
  authorityOf,
  certificatePem,
  issueAgent,
  issueMember,
  keyPem,
  newAuthority,
  newRequest,
  type Pem,
} from '../../pki/index.js';

export { newRequest };

export interface AgentIdentity extends Pem {
  readonly agent: string;
  readonly fingerprint: string;
}

/** Of a small cluster: its authority, that of its agents, and a member's certificate for 127.0.0.1. */
export class Identities {
  readonly member: Pem;
  readonly cluster: string;
  readonly agents: string;
  readonly #cluster: Authority;
  readonly #agents: Authority;

  private constructor(cluster: Authority, agents: Authority, member: Pem) {
    this.#cluster = cluster;
    this.#agents = agents;
    this.member = member;
    this.cluster = certificatePem(cluster.certificate);
    this.agents = certificatePem(agents.certificate);
  }

  static async make(clusterId = 'spec'): Promise<Identities> {
    const cluster = await newAuthority(clusterId);
    const made = await newAuthority(clusterId, 'agents');
    // As it is read from where it was written down.
    const agents = await authorityOf({ key: await keyPem(made.keys), certificate: certificatePem(made.certificate) });
    return new Identities(cluster, agents, await issueMember(cluster, 'a', ['127.0.0.1']));
  }

  async agent(agent: string, days?: number, nowMs = Date.now()): Promise<AgentIdentity> {
    const { key, request } = await newRequest(`agent:${agent}`);
    const { certificate, fingerprint } = await issueAgent(this.#agents, agent, request, nowMs, days);
    return { agent, key, certificate, fingerprint };
  }

  async sign(agent: string, request: string) {
    return await issueAgent(this.#agents, agent, request, Date.now());
  }

  async secondMember(): Promise<Pem> {
    return await issueMember(this.#cluster, 'b', ['127.0.0.1']);
  }
}
