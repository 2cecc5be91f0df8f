import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, type Block, type Page } from './blocks.js';

/** A block may wait for a take-over or a recover. */
const BLOCK_DEADLINE_MS = 180_000;

export interface Ran {
  readonly block: string;
  readonly ok: boolean;
  /** What was wrong, or how long it took. */
  readonly says: string;
}

/** Pages with blocks that are run, each on a cluster of its own. */
export const pagesToRun = (pages: readonly Page[]): readonly Page[] =>
  pages.filter(({ blocks }) => blocks.some(({ tags }) => tags[0] === 'run'));

/** In order; what a page shows as output must be in what its block before it printed. Ends with the first that fails: later ones build on it. */
export async function runPage({ blocks }: Page, folder: string): Promise<readonly Ran[]> {
  const ran: Ran[] = [];
  for (const [index, block] of blocks.entries()) {
    const file = block.tags.find((tag) => tag.startsWith('file='))?.slice('file='.length);
    if (file !== undefined) writeFileSync(join(folder, file), `${block.text}\n`);
    if (block.tags[0] !== 'run') continue;
    const next = blocks[index + 1];
    const done = await runBlock(block, next?.language === 'text' && next.tags[0] === 'output' ? next.text : '', folder);
    ran.push(done);
    if (!done.ok) break;
  }
  return ran;
}

async function runBlock(block: Block, shown: string, folder: string): Promise<Ran> {
  const startMs = performance.now();
  const { code, output } = await bash(block.text, folder);
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const anyExit = block.tags.includes('exit=any');
  if (code !== 0 && !anyExit) return { block: at(block), ok: false, says: `ended with ${code}: ${output.trim().slice(-800)}` };
  const missing = shown.split('\n').find((line) => !shows(output, line));
  if (missing !== undefined)
    return { block: at(block), ok: false, says: `did not print «${missing}», but: ${output.trim().slice(-800)}` };
  return { block: at(block), ok: true, says: `${seconds} s` };
}

/** … stands for anything. */
export function shows(output: string, line: string): boolean {
  const parts = line
    .trim()
    .split('…')
    .map((part) => part.trim());
  return output.split('\n').some((printed) => {
    let from = 0;
    return parts.every((part) => {
      const found = printed.indexOf(part, from);
      from = found + part.length;
      return found >= 0;
    });
  });
}

/** As somebody would type it into a shell in that folder; each line ends the block when it fails. */
function bash(text: string, cwd: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', text], {
      cwd,
      timeout: BLOCK_DEADLINE_MS,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (piece: Buffer) => {
      output += String(piece);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 137, output }));
  });
}
