import { SILENT_LOG } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import { afterEach, expect, it, vi } from 'vitest';
import { StatusServer } from './status-server.js';
import { VipEndpoint } from './vip-endpoint.js';

const VIP = '127.0.9.10';
const status = new StatusServer({} as never, async () => false, SILENT_LOG);
let endpoint: VipEndpoint;
afterEach(async () => {
  endpoint.stop();
  await status.close();
});

it('the status endpoint listens at the VIP exactly while this node holds it', async () => {
  let holds = false;
  const config = { ports: { status: await freePort() }, cluster: { vip: { address: VIP } } } as unknown as NodeConfig;
  endpoint = new VipEndpoint(status, config, () => holds);
  const listens = async (wanted: boolean) => await vi.waitFor(() => expect(status.listensOn(VIP)).toBe(wanted), 60_000);
  await listens(false);
  holds = true;
  await listens(true);
  holds = false;
  await listens(false);
});
