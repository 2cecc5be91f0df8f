import type { ProfileChange } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import {
  beginTotp,
  changePassword,
  changeProfile,
  confirmTotp,
  disableTotp,
  logIn,
  logOut,
  readMe,
  renderMe,
} from '../commands/account.js';
import { keepSession } from '../control/credentials.js';
import { EXIT } from '../exit-codes.js';
import { printable } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { secretOf } from './secrets.js';

/** The verbs about oneself: coming in, going out, and one's own account. */
export function addAccount(program: Command, context: VerbContext): void {
  addLogin(context);
  addWhoAmI(context);
  const account = program.command('account').description('your own account; needs yosugara login');
  addProfile(account, context);
  addTotp(account, context);
}

interface LoginOptions extends Common {
  readonly passwordFile?: string;
  readonly codeFile?: string;
}

const passwordFile = (command: Command): Command =>
  command.option('--password-file <file>', 'with your password, - is standard input; default: it is asked for');

function addLogin({ add, set, show, terminal, api, env }: VerbContext): void {
  passwordFile(add('login', 'from now on the commands of this user of this host are yours, until the session ends'))
    .argument('<login>', 'yours')
    .option('--code-file <file>', 'with the code of the second factor; default: it is asked for when it is needed')
    .action((login: string, options: LoginOptions) =>
      set(async () => {
        const manager = api(options);
        const password = await secretOf(terminal, `Password of ${login}: `, options.passwordFile, '--password-file');
        const code = async () => await secretOf(terminal, 'Code: ', options.codeFile, '--code-file');
        const { me, cookie } = await logIn(manager, { login, password, code });
        keepSession(env, manager.place, cookie);
        const next = me.mustChange ? '; give yourself another password first: yosugara account password' : '';
        show(options, me, () => `${printable(me.login)} is logged in, with ${me.roles.join(', ') || 'no role'}${next}`);
        return EXIT.ok;
      })(),
    );
  add('logout', 'end the session of login').action((options: Common) =>
    set(async () => {
      const manager = api(options);
      const isSession = manager.comesAs === 'session';
      // A session that the manager does not know any more is over, too; it is forgotten here whoever answers.
      keepSession(env, manager.place, null);
      if (isSession) await logOut(manager).catch((error: unknown) => terminal.note(`it ends by itself: ${String(error)}\n`));
      show(options, { loggedOut: isSession }, () => (isSession ? 'logged out' : 'nobody was logged in'));
      return EXIT.ok;
    })(),
  );
}

function addWhoAmI({ add, set, show, api }: VerbContext): void {
  add('whoami', 'as whom commands are sent, and what that person may do').action((options: Common) =>
    set(async () => {
      const manager = api(options);
      if (manager.comesAs === 'host') {
        const says = 'the host itself: as strong as an operator, and nobody’s account; yosugara login makes it yours';
        show(options, { comesAs: 'host' }, () => says);
        return EXIT.ok;
      }
      const me = await readMe(manager);
      show(options, { comesAs: manager.comesAs, ...me }, () => renderMe(me));
      return EXIT.ok;
    })(),
  );
}

function addProfile(account: Command, { add, set, show, terminal, api }: VerbContext): void {
  add('change', 'your name, mail, language or time zone', account)
    .option('--name <name>', 'name as it is shown')
    .option('--mail <address>', 'mail address')
    .addOption(new Option('--language <language>', 'of the console').choices(['en', 'ja']))
    .option('--time-zone <zone>', 'such as Asia/Tokyo')
    .action(({ config: _, json, ...change }: Common & ProfileChange) =>
      set(async () => {
        const options = json === undefined ? {} : { json };
        const me = await changeProfile(api({ ...options, ...(_ === undefined ? {} : { config: _ }) }), change);
        show(options, me, () => renderMe(me));
        return EXIT.ok;
      })(),
    );
  passwordFile(add('password', 'give yourself another password; ends your other sessions', account))
    .option('--new-password-file <file>', 'with the new one; default: it is asked for')
    .action((options: LoginOptions & { newPasswordFile?: string }) =>
      set(async () => {
        const current = await secretOf(terminal, 'Password of now: ', options.passwordFile, '--password-file');
        const next = await secretOf(terminal, 'New password: ', options.newPasswordFile, '--new-password-file');
        await changePassword(api(options), current, next);
        show(options, { changed: true }, () => 'you have another password');
        return EXIT.ok;
      })(),
    );
}

function addTotp(account: Command, { add, set, show, terminal, api }: VerbContext): void {
  passwordFile(
    add('totp-begin', 'begin a second factor: what an authenticator needs; nothing is asked for before totp-confirm', account),
  ).action((options: LoginOptions) =>
    set(async () => {
      const password = await secretOf(terminal, 'Password: ', options.passwordFile, '--password-file');
      const begun = await beginTotp(api(options), password);
      show(options, begun, () => `${begun.uri}\nkey: ${begun.secret}\nthen: yosugara account totp-confirm`);
      return EXIT.ok;
    })(),
  );
  add('totp-confirm', 'from now on a code is asked for at login; prints the recovery codes, once', account)
    .option('--code-file <file>', 'with the code of the authenticator; default: it is asked for')
    .action((options: LoginOptions) =>
      set(async () => {
        const code = await secretOf(terminal, 'Code: ', options.codeFile, '--code-file');
        const { recoveryCodes } = await confirmTotp(api(options), code);
        show(options, { recoveryCodes }, () => `recovery codes, each good once, shown once:\n${recoveryCodes.join('\n')}`);
        return EXIT.ok;
      })(),
    );
  passwordFile(add('totp-disable', 'no code is asked for any more', account))
    .option('--code-file <file>', 'with the code of the authenticator, or a recovery code; default: it is asked for')
    .action((options: LoginOptions) =>
      set(async () => {
        const password = await secretOf(terminal, 'Password: ', options.passwordFile, '--password-file');
        const code = await secretOf(terminal, 'Code: ', options.codeFile, '--code-file');
        await disableTotp(api(options), password, code);
        show(options, { disabled: true }, () => 'you have no second factor');
        return EXIT.ok;
      })(),
    );
}
