import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PowerController, type PowerEvent, startPowerController } from '@yosugara/testkit';
import { LabToolError, until } from '../host/shell.js';
import type { LabCluster } from './cluster.js';
import { BOARDS, DATA_NAMES, type DataName } from './layout.js';

/** A real IPMI board (`ipmi_sim`) for each data host, on the lab's wire: off is a power cut, on is a boot. */
export class PowerBoards {
  readonly #cluster: LabCluster;
  readonly #dir: string;
  readonly #boards = new Map<DataName, PowerController>();

  constructor(cluster: LabCluster, dir: string) {
    this.#cluster = cluster;
    this.#dir = dir;
  }

  async start(): Promise<void> {
    const { network } = this.#cluster;
    await network.exec('wire', 'ip', ['address', 'add', `${BOARDS.address}/24`, 'dev', 'br0']);
    await mkdir(join(this.#dir, 'logs'), { recursive: true });
    for (const name of DATA_NAMES) this.#boards.set(name, await this.#startOne(name));
  }

  #startOne(name: DataName): Promise<PowerController> {
    const { network, hosts } = this.#cluster;
    return startPowerController({
      host: name,
      power: {
        read: () => hosts[name].isOn,
        set: async (on) => {
          if (!on) await hosts[name].powerOff();
          else if (!hosts[name].isOn) await this.#cluster.powerOn(name);
        },
      },
      address: BOARDS.address,
      port: BOARDS.ports[name],
      commandPrefix: ['ip', 'netns', 'exec', network.namespace('wire')],
      logFile: join(this.#dir, 'logs', `power-${name}.log`),
    });
  }

  /** What stands below a member in `yosugara.yaml`; the password lies in a file of the node's own. */
  async fenceOf(name: DataName, secretsOf: (file: string, text: string) => Promise<string>): Promise<string> {
    const board = this.#boards.get(name);
    if (board === undefined) return '';
    const file = await secretsOf(`board-${name}`, board.password);
    const options = Object.entries(board.options).map(([option, value]) => `            ${option}: ${JSON.stringify(value)}`);
    return [
      '      fence:',
      `        - - name: board-${name}`,
      '            driver: agent',
      '            program: fence_ipmilan',
      '            options:',
      ...options.map((line) => `  ${line}`),
      '            secretFiles:',
      `              password: ${file}`,
      '            offMs: 3000',
      '',
    ].join('\n');
  }

  get log(): readonly PowerEvent[] {
    return [...this.#boards.values()].flatMap((board) => board.log).sort((left, right) => left.monotonicMs - right.monotonicMs);
  }

  /** @throws when the board was not told off, then on. */
  async sawReset(name: DataName, deadlineMs = 30_000): Promise<void> {
    await until(`off and on in the log of the power controller of ${name}`, deadlineMs, () => {
      const sets = this.log.filter((event) => event.host === name && event.asked.startsWith('set') && event.answered === 'ok');
      const off = sets.findIndex((event) => event.asked === 'set power 0');
      return off >= 0 && sets.slice(off).some((event) => event.asked === 'set power 1') ? true : undefined;
    });
  }

  board(name: DataName): PowerController {
    const found = this.#boards.get(name);
    if (found === undefined) throw new LabToolError('power controller', `${name} has none: the scenario needs fencing`);
    return found;
  }

  async close(): Promise<void> {
    for (const board of this.#boards.values()) await board.close().catch(() => {});
  }
}

export const secretWriter = (folder: string, asSeenByNode: string) => async (file: string, text: string) => {
  await writeFile(join(folder, 'secrets', file), `${text}\n`, { mode: 0o600 });
  return `${asSeenByNode}/secrets/${file}`;
};
