import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';

export interface Pair {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
}

export interface ToSign {
  readonly authority: Pair;
  readonly request: string;
  readonly member: string;
  readonly addresses: readonly string[];
  readonly lifeMs: number;
}

/** Makes keys, requests and certificates. */
export interface Maker {
  request(member: string): Promise<{ readonly key: string; readonly request: string }>;
  /** @returns the certificate, PEM. @throws when the request is none */
  sign(what: ToSign): Promise<string>;
  authority(clusterId: string): Promise<Pair>;
}

/** One question to the program below, on its standard input; the answer is JSON on its standard output. */
export type MakerQuestion =
  | { readonly make: 'request'; readonly member: string }
  | { readonly make: 'certificate'; readonly what: ToSign }
  | { readonly make: 'authority'; readonly clusterId: string };

const PROGRAM = join(import.meta.dirname, 'maker-main.js');
const DEADLINE_MS = 60_000;

/** In a process of its own: what it loads for that would hold up the loop that renews the lease, and stay in memory for ever. */
export const MAKER_IN_CHILD: Maker = {
  request: async (member) => (await ask({ make: 'request', member })) as { key: string; request: string },
  sign: async (what) => ((await ask({ make: 'certificate', what })) as { certificate: string }).certificate,
  authority: async (clusterId) => (await ask({ make: 'authority', clusterId })) as Pair,
};

async function ask(question: MakerQuestion): Promise<unknown> {
  const text = await new Promise<string>((resolve, reject) => {
    const child = execFile(process.execPath, [PROGRAM], { timeout: DEADLINE_MS, env: {} }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim().split('\n').at(-1);
      reject(new YosugaraError('CERTIFICATE_MAKER', `no ${question.make} could be made: ${said ?? ''}`, { cause: error }));
    });
    // It may end without reading: its exit says so.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(JSON.stringify(question));
  });
  return JSON.parse(text);
}
