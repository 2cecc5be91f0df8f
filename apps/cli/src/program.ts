import { explain, YosugaraError } from '@yosugara/kernel';
import { Command, CommanderError } from 'commander';
import { Controllers } from './control/client.js';
import { findNodes, socketsOf } from './control/find.js';
import { ManagerApi } from './control/manager-api.js';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.js';
import { helpTextOf } from './help/texts.js';
import { processTerminal, type Terminal } from './output/terminal.js';
import type { Common, VerbContext } from './verbs/context.js';
import { VERBS } from './verbs/index.js';

export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stop: AbortSignal;
}

const EXIT_CODES = `
Exit codes: 0 done, or healthy; 1 failed; 2 wrong command line or configuration;
3 the cluster has no Master or a node is out (status); 4 the cluster refused.`;

/** All verbs, and the exit code of the one that ran. @param dry they are parsed, and nothing is done */
export function programOf(around: Surroundings, dry = false): { readonly program: Command; readonly code: () => ExitCode } {
  let code: ExitCode = EXIT.ok;
  const program = new Command('yosugara').description('Operates a Yosugara cluster.').showHelpAfterError().exitOverride();
  // A verb below a verb has options of its own, also where they are called alike.
  program.enablePositionalOptions();
  program.addHelpText('after', EXIT_CODES);
  program.addHelpText('afterAll', ({ command }) => helpTextOf(command));
  program.configureOutput({
    writeOut: (text) => around.terminal.out(text.trimEnd()),
    writeErr: (text) => around.terminal.note(text),
    getOutHelpWidth: () => around.terminal.columns,
    getErrHelpWidth: () => around.terminal.columns,
  });
  const context = contextOf(program, around, (done) => {
    code = done;
  });
  const nothing: VerbContext['set'] = () => async () => undefined;
  for (const addVerbs of VERBS) addVerbs(program, dry ? { ...context, set: nothing } : context);
  return { program, code: () => code };
}

function contextOf(program: Command, around: Surroundings, ends: (code: ExitCode) => void): VerbContext {
  const { terminal, env, cwd, stop } = around;
  const nodes = ({ config }: Common) => findNodes({ config, env, cwd });
  return {
    ...{ terminal, env, stop, nodes },
    add: (name, description, under = program) =>
      under
        .command(name)
        .description(description)
        .option('--config <file>', 'yosugara.yaml of a node on this host')
        .option('--json', 'print one JSON document'),
    set: (run) => async () => ends(await run()),
    show: ({ json }, document, text) => terminal.out(json === true ? JSON.stringify(document, null, 2) : text()),
    controllers: (options) => new Controllers(socketsOf(nodes(options))),
    api: (options) => ManagerApi.of(() => nodes(options), env),
  };
}

/** Runs one command line. @returns the exit code. */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { program, code } = programOf(around);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return report(error, args.includes('--json'), around.terminal);
  }
}

/** One clear line for people; programs that asked for JSON get JSON. */
function report(error: unknown, json: boolean, terminal: Terminal): ExitCode {
  const exitCode = exitCodeOf(error);
  if (json)
    terminal.out(
      JSON.stringify({
        error: { code: error instanceof YosugaraError ? error.code : 'UNEXPECTED', message: explain(error), exitCode },
      }),
    );
  else terminal.note(`yosugara: ${explain(error)}\n`);
  return exitCode;
}

/** For the launcher. */
export async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      controller.abort();
      // A command that does not look at the signal ends here; what it asked of the cluster goes on.
      setTimeout(() => process.exit(130), 100).unref();
    });
  // `yosugara messages | head`: the reader has gone, and that is no error.
  process.stdout.on('error', () => process.exit(0));
  return runProgram(args, { terminal: processTerminal(), env: process.env, cwd: process.cwd(), stop: controller.signal });
}
