import { YosugaraError } from '@yosugara/kernel';
import SMTPConnection, { type SMTPConnectionOptions, type SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection';
import XOAuth2 from 'nodemailer/lib/xoauth2';

const QUIT_MS = 1_000;

export type Login =
  | { readonly user: string; readonly password: string }
  /** @param refused by the mail server a moment ago; null = none was. */
  | { readonly user: string; readonly token: (refused: string | null) => Promise<string> };

export interface Envelope {
  readonly from: string | false;
  readonly to: readonly string[];
}

type Done<T> = (error?: Error | null, value?: T) => void;

/** One SMTP connection, for mail after mail. What waits for it ends with it; the time that something may take is for the caller to see to. */
export class SmtpSession {
  readonly #smtp: SMTPConnection;
  readonly #onEnd: () => void;
  #reject: ((error: Error) => void) | null = null;
  #ended: Error | null = null;

  /** @param onEnd it cannot be used any more. */
  constructor(options: SMTPConnectionOptions, onEnd: () => void = () => undefined) {
    this.#onEnd = onEnd;
    // What is cut off is gone at once: nothing waits until the other side closes its end.
    this.#smtp = new SMTPConnection({ ...options, socketCloseTimeout: 0 });
    this.#smtp.on('error', (error: Error) => this.#end(error));
    this.#smtp.on('end', () => this.#end(new YosugaraError('SMTP_CLOSED', 'the server closed the connection')));
  }

  get isOpen(): boolean {
    return this.#ended === null;
  }

  /** As far as a mail may be said. */
  async open(login: Login | null): Promise<void> {
    await this.#said((done) => this.#smtp.connect(done));
    // Who is asked for no login by the server is taken without one.
    if (login === null || !this.#smtp.allowsAuth) return;
    await this.#said((done) => this.#smtp.login(authOf(login), done));
  }

  /** Is it still there? Of what was begun and not ended the server knows nothing afterwards. */
  async reset(): Promise<void> {
    await this.#said((done) => this.#smtp.reset(done));
  }

  async send({ from, to }: Envelope, message: Buffer): Promise<SMTPConnectionSendInfo> {
    const envelope = { from, to: [...to], size: message.length };
    return await this.#said((done) => this.#smtp.send(envelope, message, done));
  }

  /** At once. */
  close(): void {
    this.#smtp.close();
  }

  /** With a good-bye. */
  quit(): void {
    if (!this.isOpen) return;
    const late = setTimeout(() => this.close(), QUIT_MS).unref();
    this.#smtp.once('end', () => clearTimeout(late));
    this.#smtp.quit();
  }

  async #said<T>(ask: (done: Done<T>) => void): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      if (this.#ended !== null) return reject(this.#ended);
      this.#reject = reject;
      ask((error, value) => (error ? reject(error) : resolve(value as T)));
    });
  }

  #end(error: Error): void {
    if (this.#ended !== null) return;
    this.#ended = error;
    this.#onEnd();
    // What the server said to the command that is under way says more, and is told next.
    setImmediate(() => this.#reject?.(error));
  }
}

function authOf(login: Login) {
  const { user } = login;
  if ('password' in login) return { user, credentials: { user, pass: login.password } };
  let last: string | null = null;
  const oauth2 = new XOAuth2({
    user,
    provisionCallback: (_, renew, done) =>
      void login.token(renew ? last : null).then(
        (token) => {
          last = token;
          done(null, token);
        },
        (error: Error) => done(error),
      ),
  });
  return { user, method: 'XOAUTH2', oauth2 };
}
