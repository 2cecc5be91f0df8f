import type { UserChange } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import {
  addUser,
  changeUser,
  findUser,
  helpUser,
  listUsers,
  removeUser,
  renderGiven,
  renderUser,
  renderUsers,
  resetPassword,
} from '../commands/users.js';
import { EXIT } from '../exit-codes.js';
import { painter, printable } from '../output/terminal.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { secretOf } from './secrets.js';
import { noteMore } from './watching.js';

interface UserOptions extends Common {
  readonly name?: string;
  readonly mail?: string;
  readonly role?: readonly string[];
  readonly language?: string;
  readonly timeZone?: string;
  readonly enable?: boolean;
  readonly disable?: boolean;
  readonly passwordFile?: string;
}

/** The verbs about people's accounts. They need the right `access`, which the host's own token does not give. */
export function addUsers(program: Command, context: VerbContext): void {
  const users = program.command('users').description('accounts of people; needs a login or a token with access to them');
  addReading(users, context);
  addWriting(users, context);
  addHelping(users, context);
}

function addReading(users: Command, { add, set, show, terminal, api }: VerbContext): void {
  add('list', 'users: roles, state, second factor, last login', users)
    .option('--text <text>', 'in login, name or mail')
    .option('--role <id>', 'with this role')
    .option('--enabled', 'those who may log in')
    .addOption(new Option('--disabled', 'those who may not').conflicts('enabled'))
    .option('--limit <n>', 'at most so many, up to 500', wholeNumber, 100)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .action(
      (options: Common & { text?: string; role?: string; enabled?: true; disabled?: true; limit: number; after?: string }) =>
        set(async () => {
          const { text, role, limit, after } = options;
          const enabled = options.enabled === true ? true : options.disabled === true ? false : undefined;
          const found = await listUsers(api(options), { text, role, enabled, limit, after });
          show(options, found, () => renderUsers(found.rows, painter(terminal)));
          noteMore(terminal, options, found.next);
          return EXIT.ok;
        })(),
    );
  add('show', 'one user with all that is known', users)
    .argument('<login>', 'login of the user')
    .action((login: string, options: Common) =>
      set(async () => {
        const found = await findUser(api(options), login);
        show(options, found, () => renderUser(found));
        return EXIT.ok;
      })(),
    );
}

const profile = (command: Command): Command =>
  command
    .option('--name <name>', 'name as it is shown')
    .option('--mail <address>', 'mail address')
    .option('--role <id>', 'role of theirs; can be repeated', oneMore)
    .addOption(new Option('--language <language>', 'of the console').choices(['en', 'ja']))
    .option('--time-zone <zone>', 'such as Asia/Tokyo');

function wishOf(options: UserOptions): UserChange {
  const { name, mail, role: roles, language, timeZone } = options;
  const enabled = options.enable === true ? true : options.disable === true ? false : undefined;
  const said = Object.entries({ name, mail, roles, language, timeZone, enabled }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said);
}

function addWriting(users: Command, { add, set, show, terminal, api }: VerbContext): void {
  profile(add('add', 'a new local user, who must give themselves another password at the first login', users))
    .argument('<login>', 'letters, digits and _ . @ + -')
    .option('--disable', 'who may not log in yet')
    .option('--password-file <file>', 'with the first password, - is standard input; default: one is made and shown once')
    .action((login: string, options: UserOptions) =>
      set(async () => {
        const { passwordFile: file } = options;
        const password = file === undefined ? {} : { password: await secretOf(terminal, '', file, '--password-file') };
        const given = await addUser(api(options), { login, ...wishOf(options), ...password });
        show(options, given, () => renderGiven(given, 'was added'));
        return EXIT.ok;
      })(),
    );
  profile(add('change', 'a user; what is not said stays', users))
    .argument('<login>', 'login of the user')
    .option('--enable', 'they may log in')
    .addOption(new Option('--disable', 'they may not, from now on').conflicts('enable'))
    .action((login: string, options: UserOptions) =>
      set(async () => {
        const user = await changeUser(api(options), login, wishOf(options));
        show(options, user, () => renderUser(user));
        return EXIT.ok;
      })(),
    );
  add('remove', 'a user with their sessions and tokens; the last administrator stays', users)
    .argument('<login>', 'login of the user')
    .action((login: string, options: Common) =>
      set(async () => {
        await removeUser(api(options), login);
        show(options, { removed: login }, () => `${printable(login)} was removed`);
        return EXIT.ok;
      })(),
    );
}

function addHelping(users: Command, { add, set, show, terminal, api }: VerbContext): void {
  add('reset-password', 'give a user another first password; ends their sessions', users)
    .argument('<login>', 'login of the user')
    .option('--password-file <file>', 'with the password, - is standard input; default: one is made and shown once')
    .action((login: string, options: UserOptions) =>
      set(async () => {
        const { passwordFile: file } = options;
        const password = file === undefined ? undefined : await secretOf(terminal, '', file, '--password-file');
        const given = await resetPassword(api(options), login, password);
        show(options, given, () => renderGiven(given, 'has another password'));
        return EXIT.ok;
      })(),
    );
  const help = (name: 'unlock' | 'reset-totp', description: string, done: string) =>
    add(name, description, users)
      .argument('<login>', 'login of the user')
      .action((login: string, options: Common) =>
        set(async () => {
          const user = await helpUser(api(options), login, name);
          show(options, user, () => `${printable(user.login)} ${done}`);
          return EXIT.ok;
        })(),
      );
  help('unlock', 'let a user in again after too many wrong passwords', 'is not locked');
  help('reset-totp', 'a user who lost telephone and recovery codes comes in with the password alone', 'has no second factor');
}
