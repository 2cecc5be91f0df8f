import { explain } from '@yosugara/kernel';
import { forgetCluster, hasState, startCluster, status, stopCluster } from './local-cluster.js';
import { throughPages } from './pages.js';
import { throughTakeOver } from './take-over.js';

/** `node test/e2e/dist/main.js [--json] [--shots FOLDER]`: uses the running local cluster, or starts one, stops it again and leaves nothing of one it made. */
async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf('--shots');
  const folder = (at >= 0 ? args[at + 1] : undefined) ?? '/tmp/yosugara-shots/e2e';
  const runs = await status().then(
    () => true,
    () => false,
  );
  const isNew = !hasState();
  if (!runs) await startCluster();
  try {
    const pages = await throughPages(folder);
    const takeOver = await throughTakeOver(folder);
    const outcome = { ...takeOver, checks: [...pages, ...takeOver.checks] };
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
    else {
      for (const { says, holds, found } of outcome.checks)
        process.stdout.write(`${holds ? 'ok    ' : 'NOT OK'} ${says} (${found})\n`);
      process.stdout.write(
        `the page followed from ${outcome.from} to ${outcome.to} in ${outcome.pageFollowedMs} ms; pictures in ${folder}\n`,
      );
    }
    return outcome.checks.every((check) => check.holds) ? 0 : 1;
  } finally {
    if (!runs) await stopCluster();
    if (isNew) forgetCluster();
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`e2e: ${explain(error)}\n`);
    process.exit(2);
  },
);
