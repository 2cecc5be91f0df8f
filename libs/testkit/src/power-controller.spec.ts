import { execFile } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { type PowerController, startPowerController } from './power-controller.js';

/** ipmitool waits for a second: on a machine that stands still for longer it is asked again. */
const soon = { timeout: 60_000 };
let board: PowerController | null = null;
afterEach(() => board?.close());

/** Not the synchronous one: the switch lives in this process. */
async function asked(...words: string[]): Promise<string> {
  const args = [
    '-I',
    'lanplus',
    '-H',
    board!.address,
    '-p',
    String(board!.port),
    '-U',
    board!.username,
    '-E',
    '-N',
    '1',
    '-R',
    '1',
  ];
  return await new Promise((resolve) =>
    execFile('ipmitool', [...args, ...words], { env: { ...process.env, IPMI_PASSWORD: board!.password } }, (_, out, err) =>
      resolve(`${out}${err}`),
    ),
  );
}

it('is an IPMI board: it reads and switches the power of a simulated host, and logs every order', async () => {
  let on = true;
  board = await startPowerController({
    host: 'host-a',
    power: {
      read: () => on,
      set: (wanted) => {
        on = wanted;
      },
    },
  });
  await expect.poll(async () => await asked('chassis', 'power', 'status'), soon).toContain('Chassis Power is on');
  await expect.poll(async () => await asked('chassis', 'power', 'off'), soon).toContain('Chassis Power Control: Down/Off');
  expect(on).toBe(false);
  await expect.poll(async () => await asked('chassis', 'power', 'status'), soon).toContain('Chassis Power is off');
  expect(board.log.map(({ asked: what, answered }) => `${what}: ${answered}`)).toContain('set power 0: ok');
  await board.kill();
  expect(await asked('chassis', 'power', 'status')).toContain('Unable to establish');
});
