import type { Command } from 'commander';
import type { Controllers } from '../control/client.js';
import type { Found } from '../control/find.js';
import type { ManagerApi } from '../control/manager-api.js';
import type { ExitCode } from '../exit-codes.js';
import type { Terminal } from '../output/terminal.js';

/** What every verb is given. */
export interface Common {
  readonly config?: string;
  readonly json?: boolean;
}

/** What the verbs of one command line share. */
export interface VerbContext {
  /** A verb with the options that all have. */
  readonly add: (name: string, description: string, under?: Command) => Command;
  /** What a verb does, and the exit code that it ends with. */
  readonly set: (run: () => Promise<ExitCode>) => () => Promise<void>;
  /** One document with --json, else text for people. */
  readonly show: (options: Common, document: unknown, text: () => string) => void;
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stop: AbortSignal;
  /** The nodes of this host. */
  readonly nodes: (options: Common) => readonly Found[];
  readonly controllers: (options: Common) => Controllers;
  readonly api: (options: Common) => ManagerApi;
}

/** Puts a group of verbs into the tree. */
export type AddVerbs = (program: Command, context: VerbContext) => void;
