import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import { allPages } from './docs/blocks.js';
import { pagesToRun, runPage } from './docs/run.js';
import { forgetCluster, hasState, startCluster, status, stopCluster, until, WORKSPACE } from './local-cluster.js';

/**
 * `npm run docs`: runs the command blocks that pages mark with `sh run`, page by page, on a fresh local cluster. Those that cannot run
 * here are read by the specs in test/e2e/src/docs. Refuses where a local cluster has state: it would be somebody's.
 */
async function main(args: readonly string[]): Promise<number> {
  if (hasState()) {
    process.stderr.write(
      'docs: there is a local cluster in .yosugara, and its data would go; npm stop, and set .yosugara aside\n',
    );
    return 2;
  }
  const named = args.filter((arg) => !arg.startsWith('--'));
  const pages = pagesToRun(allPages()).filter(({ file }) => named.length === 0 || named.includes(file));
  let failed = 0;
  let passed = 0;
  for (const page of pages)
    try {
      await startCluster();
      await until('a is Master and b has everything', async () => ((await status()).ifMasterDied.failsOver ? true : undefined));
      for (const { block, ok, says } of await runPage(page, WORKSPACE)) {
        if (ok) passed++;
        else failed++;
        process.stdout.write(`${ok ? 'ok    ' : 'NOT OK'} ${block} (${says})\n`);
      }
    } finally {
      await stopCluster();
      forgetCluster();
      for (const { tags } of page.blocks)
        for (const tag of tags) if (tag.startsWith('file=')) rmSync(join(WORKSPACE, tag.slice('file='.length)), { force: true });
    }
  process.stdout.write(`${passed} blocks run, ${failed} failed, ${pages.length} pages\n`);
  return failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`docs: ${explain(error)}\n`);
    process.exit(2);
  },
);
