import type { TotpBegun, TotpConfirmed } from '@yosugara/protocol';
import type { User } from '@yosugara/store';
import { SecretBox } from '../auth/secret-box.js';
import { ApiRefusal } from '../http/errors.js';
import type { AccountDeeds } from './account-deeds.js';
import type { AccountsOptions } from './accounts.js';
import { wrongCode } from './login-failures.js';
import { newRecoveryCodes, newTotpSecret, recoveryDigest, stepOfCode, totpUri } from './totp.js';

/** Codes by a telephone (RFC 6238), and those of recovery. */
export class SecondFactor {
  readonly #o: Pick<AccountsOptions, 'settings' | 'authority' | 'clock'>;
  readonly #deeds: AccountDeeds;
  readonly #box: SecretBox;

  constructor(options: Pick<AccountsOptions, 'settings' | 'authority' | 'clock'>, deeds: AccountDeeds) {
    this.#o = options;
    this.#deeds = deeds;
    this.#box = new SecretBox(options.settings.sessionKey, 'yosugara second factor');
  }

  /** @param prove throws when they are not who they say. */
  async begin(user: User, prove: () => Promise<void>): Promise<TotpBegun> {
    const { epoch } = this.#o.authority.demand('active');
    if (user.totpSecret !== null) throw new ApiRefusal(409, 'TOTP_ON', 'there is a second factor already: take it away first');
    await prove();
    const secret = newTotpSecret();
    await this.#deeds.change(epoch, async ({ users, note }) => {
      await users.change(user.id, { totpPending: this.#box.seal(secret) });
      await note(this.#deeds.entry(user, 'totp.begin', {}));
    });
    return { secret, uri: totpUri(secret, user.login, this.#o.settings.clusterId) };
  }

  async confirm(user: User, code: string): Promise<TotpConfirmed> {
    const { epoch } = this.#o.authority.demand('active');
    if (user.totpPending === null) throw new ApiRefusal(409, 'TOTP_NOT_BEGUN', 'no second factor was begun');
    const secret = this.#box.open(user.totpPending);
    const step = secret === null ? null : stepOfCode(secret, code, this.#o.clock.wallMs());
    if (step === null) throw wrongCode();
    const recoveryCodes = newRecoveryCodes();
    await this.#deeds.change(epoch, async ({ users, note }) => {
      if (!(await users.useTotpStep(user.id, step))) throw wrongCode();
      await users.change(user.id, { totpSecret: user.totpPending, totpPending: null });
      await users.setRecoveryCodes(user.id, recoveryCodes.map(recoveryDigest));
      await note(this.#deeds.entry(user, 'totp.on', {}));
    });
    return { recoveryCodes: [...recoveryCodes] };
  }

  async disable(user: User, code: string, prove: () => Promise<void>): Promise<void> {
    const { epoch } = this.#o.authority.demand('active');
    if (user.totpSecret === null) throw new ApiRefusal(409, 'TOTP_OFF', 'there is no second factor');
    await prove();
    if (!(await this.useCode(user, user.totpSecret, code, epoch))) throw wrongCode();
    await this.#deeds.change(epoch, async ({ users, note }) => {
      await users.change(user.id, { totpSecret: null, totpPending: null });
      await users.setRecoveryCodes(user.id, []);
      await note(this.#deeds.entry(user, 'totp.off', {}));
    });
  }

  /** Each is good once, on whichever node. */
  async useCode(user: User, sealed: Buffer, code: string, epoch: number): Promise<boolean> {
    const secret = this.#box.open(sealed);
    const isDigits = /^\d{6}$/.test(code);
    const step = isDigits && secret !== null ? stepOfCode(secret, code, this.#o.clock.wallMs()) : null;
    if (isDigits && step === null) return false;
    return await this.#deeds.change(epoch, async ({ users, note }) => {
      if (step !== null) return await users.useTotpStep(user.id, step);
      const isGood = await users.useRecoveryCode(user.id, recoveryDigest(code));
      if (isGood) await note(this.#deeds.entry(user, 'totp.recovery', {}));
      return isGood;
    });
  }
}
