import { readFileSync } from 'node:fs';
import { explain, InvalidInputError, YosugaraError } from '@yosugara/kernel';
import type { Terminal } from '../output/terminal.js';

/** From a file, `-` = standard input, or typed without being shown; never from the command line, which everybody on the host can read. */
export async function secretOf(terminal: Terminal, question: string, file: string | undefined, option: string): Promise<string> {
  if (file === undefined) {
    if (terminal.ask === undefined)
      throw new YosugaraError('USAGE', `${option}: nobody can be asked here: give a file, or - for standard input`);
    return await terminal.ask(question, true);
  }
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new InvalidInputError(option, `${file} (${explain(error)})`, 'a file that can be read');
  }
}
