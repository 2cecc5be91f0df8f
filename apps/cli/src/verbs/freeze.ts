import type { FreezeError } from '@yosugara/host-control/freeze';
import { YosugaraError } from '@yosugara/kernel';
import { type Command, InvalidArgumentError } from 'commander';
import { dataNodeHere } from '../commands/backup.js';
import { RefusedError } from '../control/client.js';
import { EXIT } from '../exit-codes.js';
import { duration } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';

const MOST_S = 300;

/** `60s`, `2m`, or seconds. */
function milliseconds(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,3})(s|m)?$/.exec(text) ?? [];
  const seconds = Number(count) * (unit === 'm' ? 60 : 1);
  if (count === undefined || seconds > MOST_S) throw new InvalidArgumentError(`such as 60s or 2m, at most ${MOST_S}s, is needed`);
  return seconds * 1_000;
}

/** What is so and not broken: the exit code says that nothing was done. */
function refusal(error: unknown): never {
  const { code, message } = error as FreezeError;
  throw error instanceof YosugaraError && code !== 'FREEZE_FAILED' ? new RefusedError(code, message) : error;
}

/** Around snapshots of volumes or of virtual machines (docs/backup.md). */
export function addFreeze(program: Command, { add, set, show, nodes, controllers }: VerbContext): void {
  /** Which database, as seen from which node of this host. */
  const here = async (options: Common) => {
    const found = nodes(options);
    const { master, nodes: seen } = await controllers(options).status();
    if (master === null) throw new RefusedError('NO_MASTER', 'there is no Master: nothing writes');
    const config = found.find(({ config: other }) => other?.node === master)?.config ?? dataNodeHere(found);
    return { config, master, inSync: seen.filter(({ syncSet }) => syncSet).map(({ name }) => name) };
  };
  add('freeze', 'hold all writes for a snapshot of volumes; they go on by themselves at the deadline, whatever happens', program)
    .option('--for <time>', 'at most so long, such as 60s or 2m', milliseconds, 60_000)
    .action((options: Common & { for: number }) =>
      set(async () => {
        const { freeze } = await import('@yosugara/host-control/freeze');
        const { config, master, inSync } = await here(options);
        const until = new Date(Date.now() + options.for).toISOString();
        const frozen = await freeze(config, master, options.for).catch(refusal);
        const { stateDir, dataDir } = config;
        show(options, { ...frozen, master, until, inSync, volumes: { data: dataDir, state: stateDir } }, () =>
          [
            `writes are held at ${frozen.lsn} of ${master}, until \`yosugara thaw\`, ${until} at the latest`,
            `whole on the volumes of ${inSync.join(' and ')}: ${dataDir} and ${stateDir} here`,
          ].join('\n'),
        );
        return EXIT.ok;
      })(),
    );
  add('thaw', 'let writes go on; refused when they were not held any more, so that the snapshot is not trusted', program).action(
    (options: Common) =>
      set(async () => {
        const { thaw } = await import('@yosugara/host-control/freeze');
        const { config, master } = await here(options);
        const { heldMs } = await thaw(config, master).catch(refusal);
        const since = heldMs === null ? '' : ` for ${duration(heldMs)}`;
        show(options, { heldMs, master }, () => `writes of ${master} were held${since}, and go on`);
        return EXIT.ok;
      })(),
  );
}
