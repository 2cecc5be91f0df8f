import type { MailServerBody } from '@yosugara/protocol';
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection';
import type { Look } from '../probes/look.js';
import { Turns } from '../probes/turns.js';
import { OAuthTokens } from './oauth-tokens.js';
import { type Envelope, type Login, SmtpSession } from './smtp-session.js';

export interface MailConnectionsOptions {
  /** Closed when nobody used it for so long. */
  readonly idleMs?: number;
  /** By one connection: servers and what stands before them let go of those that last. */
  readonly mails?: number;
  readonly tokens?: OAuthTokens;
}

interface Kept {
  readonly session: SmtpSession;
  readonly server: string;
  /** Of the settings that it was opened with. */
  readonly settings: string;
  mails: number;
  idle: NodeJS.Timeout | null;
}

const IDLE_MS = 30_000;
const MAILS = 100;
/** A kept one whose other end is gone without a word is not waited for. */
const RESET_MS = 2_000;
/** Whatever takes long has the mail's deadline; this is for the library's own clock, which knows nothing of it. */
const SOCKET_MS = 600_000;

/**
 * Connections to mail servers: at most so many to each as its setting says, kept for the next mail. A kept one is asked first whether it is
 * still there, when nothing of the mail was said yet: so it is never unclear whether a mail was taken because its connection was old.
 */
export class MailConnections {
  readonly #options: MailConnectionsOptions;
  readonly #tokens: OAuthTokens;
  readonly #turns = new Turns(1);
  /** Those that nobody uses. */
  readonly #kept = new Set<Kept>();
  #generation = 0;

  constructor(options: MailConnectionsOptions = {}) {
    this.#options = options;
    this.#tokens = options.tokens ?? new OAuthTokens();
  }

  /** @throws Error what the server said, or did not say in time; then the connection is closed. */
  async send(
    look: Look,
    id: string,
    server: MailServerBody,
    envelope: Envelope,
    message: Buffer,
  ): Promise<SMTPConnectionSendInfo> {
    look.doing = `the turn at one of ${server.connections} connections`;
    const run = async () => await this.#sendBy(look, id, server, envelope, message);
    return await this.#turns.take(look, id, run, server.connections);
  }

  /** Closes what nobody uses; what is used is closed afterwards. More can be sent. */
  release(): void {
    this.#generation++;
    for (const each of this.#kept) this.#quit(each);
  }

  async #sendBy(
    look: Look,
    id: string,
    server: MailServerBody,
    envelope: Envelope,
    message: Buffer,
  ): Promise<SMTPConnectionSendInfo> {
    const generation = this.#generation;
    const taken = (await this.#reused(look, id, server)) ?? (await this.#opened(look, id, server));
    let isOver = false;
    look.closes(() => (isOver ? undefined : taken.session.close()));
    look.doing = 'the mail';
    let info: SMTPConnectionSendInfo;
    try {
      info = await look.wait(taken.session.send(envelope, message));
      isOver = true;
    } catch (error) {
      // What it thinks of us now is not known; the next mail has a new one.
      taken.session.close();
      throw error;
    }
    taken.mails++;
    if (generation === this.#generation && taken.mails < (this.#options.mails ?? MAILS)) this.#keep(taken);
    else taken.session.quit();
    return info;
  }

  /** @returns null: there is none. */
  async #reused(look: Look, id: string, server: MailServerBody): Promise<Kept | null> {
    const settings = JSON.stringify(server);
    for (const each of [...this.#kept].reverse().filter((kept) => kept.server === id)) {
      if (!this.#kept.delete(each)) continue;
      if (each.idle !== null) clearTimeout(each.idle);
      if (each.settings !== settings) {
        each.session.quit();
        continue;
      }
      try {
        look.doing = 'the connection that was kept';
        await look.part(RESET_MS, async (part) => {
          await part.wait(each.session.reset());
        });
        return each;
      } catch {
        each.session.close();
      }
    }
    return null;
  }

  async #opened(look: Look, id: string, server: MailServerBody): Promise<Kept> {
    const kept: Kept = {
      session: new SmtpSession(optionsOf(server, look.leftMs), () => this.#forget(kept)),
      ...{ server: id, settings: JSON.stringify(server), mails: 0, idle: null },
    };
    let isOpen = false;
    look.closes(() => (isOpen ? undefined : kept.session.close()));
    look.doing = 'the server';
    try {
      await look.wait(kept.session.open(this.#loginOf(look, id, server)));
    } catch (error) {
      kept.session.close();
      throw error;
    }
    isOpen = true;
    return kept;
  }

  #loginOf(look: Look, id: string, { user, password, oauth2 }: MailServerBody): Login | null {
    if (user === null) return null;
    if (oauth2 === null) return { user, password: password ?? '' };
    return { user, token: async (refused) => await this.#tokens.token(look, id, oauth2, refused) };
  }

  #keep(kept: Kept): void {
    if (!kept.session.isOpen) return;
    kept.idle = setTimeout(() => this.#quit(kept), this.#options.idleMs ?? IDLE_MS).unref();
    this.#kept.add(kept);
  }

  #quit(kept: Kept): void {
    this.#forget(kept);
    kept.session.quit();
  }

  #forget(kept: Kept): void {
    this.#kept.delete(kept);
    if (kept.idle !== null) clearTimeout(kept.idle);
  }
}

function optionsOf(server: MailServerBody, leftMs: number) {
  const { host, port, security, verify, ca, connectTimeoutMs } = server;
  const connectionTimeout = Math.min(connectTimeoutMs, leftMs);
  return {
    ...{ host, port, secure: security === 'smtps', requireTLS: security === 'starttls', ignoreTLS: security === 'smtp' },
    ...{ connectionTimeout, dnsTimeout: connectionTimeout, greetingTimeout: leftMs, socketTimeout: SOCKET_MS },
    tls: { rejectUnauthorized: verify, minVersion: 'TLSv1.2' as const, ...(ca === null ? {} : { ca }) },
  };
}
