import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { YosugaraError } from '@yosugara/kernel';

/** On the terminal; what is secret is not shown while it is typed. @throws YosugaraError `USAGE` — they went away without an answer */
export async function askPerson(question: string, isSecret: boolean): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: isSecret ? silent : process.stderr, terminal: true });
  try {
    return await new Promise<string>((answered, gaveUp) => {
      lines.once('line', answered);
      const left = () => gaveUp(new YosugaraError('USAGE', 'there was no answer'));
      lines.once('SIGINT', left);
      lines.once('close', left);
    });
  } finally {
    lines.removeAllListeners();
    lines.close();
    if (isSecret) process.stderr.write('\n');
  }
}
