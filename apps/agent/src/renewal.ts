import { X509Certificate } from 'node:crypto';
import { explain, type Log } from '@yosugara/kernel';
import { agentNameOf, type ToAgent } from '@yosugara/protocol/agents';
import { type Identity, renewAtMs, saveIdentity } from './identity.js';
import { requestInChild } from './request.js';

const LOOK_MS = 600_000;
const AGAIN_MS = 3_600_000;

export interface RenewalOptions {
  readonly dataDir: string;
  readonly log: Log;
  readonly identity: () => Identity;
  readonly wallMs: () => number;
  /** @returns false: nobody is there to be asked. */
  readonly ask: (request: string) => boolean;
  readonly onRenewed: (identity: Identity) => void;
  readonly onTrouble: (message: string) => void;
}

/** A certificate whose life is two thirds over is replaced, with a new key; until then, and when it is refused, the one that is there serves. */
export class Renewal {
  readonly #o: RenewalOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #asked: { readonly key: string; readonly atMs: number } | null = null;
  #isAsking = false;

  constructor(options: RenewalOptions) {
    this.#o = options;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  get dueAtMs(): number {
    return renewAtMs(this.#o.identity().certificate);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const nowMs = this.#o.wallMs();
    const askedMs = this.#asked?.atMs ?? Number.NEGATIVE_INFINITY;
    if (this.#isAsking || nowMs < this.dueAtMs || nowMs - askedMs < AGAIN_MS) return;
    this.#isAsking = true;
    void this.#ask()
      .catch((error: unknown) => this.#o.log.warn('certificate.request', { why: explain(error) }))
      .finally(() => (this.#isAsking = false));
  }

  async answered({ certificate, authority, why }: Extract<ToAgent, { say: 'renewed' }>): Promise<void> {
    const { log, identity, dataDir, onRenewed, onTrouble } = this.#o;
    const { agent } = identity();
    try {
      if (this.#asked === null) return;
      if (certificate === null) return onTrouble(`the certificate of ${agent} is not renewed: ${why}`);
      const made = new X509Certificate(certificate);
      if (!made.checkPrivateKey(await keyOf(this.#asked.key)))
        return onTrouble(`the new certificate of ${agent} is of another key`);
      const renewed = { agent, key: this.#asked.key, certificate, authority };
      await saveIdentity(dataDir, renewed);
      this.#asked = null;
      log.info('certificate.renewed', { until: made.validTo });
      onRenewed(renewed);
    } catch (error) {
      onTrouble(`the certificate of ${agent} is not renewed: ${explain(error)}`);
    }
  }

  async #ask(): Promise<void> {
    const { key, request } = await requestInChild(agentNameOf(this.#o.identity().agent));
    if (this.#o.ask(request)) this.#asked = { key, atMs: this.#o.wallMs() };
  }
}

async function keyOf(pem: string) {
  const { createPrivateKey } = await import('node:crypto');
  return createPrivateKey(pem);
}
