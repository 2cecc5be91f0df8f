import { readdir, readFile } from 'node:fs/promises';
import { hostname, machine, networkInterfaces, release } from 'node:os';
import type { InventoryItem } from '@yosugara/protocol/inventory';
import { readMemory, readMounted } from '../measure/readings.js';
import { bootId } from '../runs/processes.js';
import { itemOf } from './item.js';

const SECTOR_BYTES = 512;

/** '' = it is not there, or not for us. */
const wordOf = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();
const namesOf = async (path: string): Promise<readonly string[]> => (await readdir(path).catch(() => [])).sort();

export async function readHost(): Promise<readonly InventoryItem[]> {
  const [vendor, product] = await Promise.all(['sys_vendor', 'product_name'].map((file) => wordOf(`/sys/class/dmi/id/${file}`)));
  return [itemOf('host', '', hostname(), { vendor, product })];
}

/** os-release(5). */
export async function readOs(): Promise<readonly InventoryItem[]> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => readFile('/usr/lib/os-release', 'utf8'));
  const of = (name: string): string => new RegExp(`^${name}=(["']?)(.*)\\1$`, 'm').exec(text)?.[2] ?? '';
  const fields = { id: of('ID'), version: of('VERSION_ID'), kernel: release(), architecture: machine() };
  return [itemOf('os', '', of('NAME') || of('ID') || 'Linux', fields)];
}

export async function readBoot(nowMs = Date.now()): Promise<readonly InventoryItem[]> {
  const upS = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  const at = new Date(Math.round(nowMs / 1_000 - upS) * 1_000).toISOString();
  const id = await bootId();
  return [itemOf('boot', id, id, { at })];
}

/** By model: cpuinfo has a paragraph for each thread. */
export async function readCpus(): Promise<readonly InventoryItem[]> {
  const models = new Map<string, { threads: number; readonly sockets: Set<string>; readonly cores: Set<string> }>();
  for (const paragraph of (await readFile('/proc/cpuinfo', 'utf8')).split('\n\n')) {
    const of = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(paragraph)?.[1]?.trim() ?? '';
    const processor = of('processor');
    if (processor === '') continue;
    const model = of('model name') || of('cpu model') || of('cpu') || machine();
    const found = models.get(model) ?? { threads: 0, sockets: new Set(), cores: new Set() };
    models.set(model, found);
    found.threads++;
    found.sockets.add(of('physical id'));
    found.cores.add(`${of('physical id')} ${of('core id') || processor}`);
  }
  return [...models].map(([model, { threads, sockets, cores }]) =>
    itemOf('cpu', model, model, { sockets: sockets.size, cores: cores.size, threads }),
  );
}

export async function readMemoryItem(): Promise<readonly InventoryItem[]> {
  const memory = await readMemory();
  const bytes = (name: string) => (memory.get(name) ?? 0) * 1_024;
  return [itemOf('memory', '', 'memory', { total: bytes('MemTotal'), swap: bytes('SwapTotal') })];
}

/** Not one end of each container's cable. */
export async function readInterfaces(): Promise<readonly InventoryItem[]> {
  const addresses = networkInterfaces();
  const names = (await namesOf('/sys/class/net')).filter((name) => !name.startsWith('veth'));
  return await Promise.all(
    names.map(async (name) => {
      const of = async (file: string) => await wordOf(`/sys/class/net/${name}/${file}`);
      const own = (addresses[name] ?? []).map(({ cidr, address }) => cidr ?? address).sort();
      const mtu = Number((await of('mtu')) || Number.NaN);
      return itemOf('interface', name, name, {
        mac: await of('address'),
        mtu,
        state: await of('operstate'),
        addresses: own.join(' '),
      });
    }),
  );
}

/** Those that are on a device or a server, and the root; not what containers and sessions mount for themselves. */
export async function readFilesystemItems(): Promise<readonly InventoryItem[]> {
  const found = (await readMounted()).filter(({ type, place }) => place === '/' || !/^(overlay|tmpfs)$/.test(type));
  // One may be mounted over another.
  const last = new Map(found.map((mounted) => [mounted.place, mounted]));
  return [...last.values()].map(({ device, place, type, stat }) =>
    itemOf('filesystem', place, place, { device, type, size: stat.blocks * stat.bsize }),
  );
}

export async function readDevices(): Promise<readonly InventoryItem[]> {
  const names = (await namesOf('/sys/block')).filter((name) => !/^(loop|ram|zram)\d/.test(name));
  return await Promise.all(
    names.map(async (name) => {
      const of = async (file: string) => await wordOf(`/sys/block/${name}/${file}`);
      const rotates = await of('queue/rotational');
      const type = rotates === '' ? '' : rotates === '1' ? 'rotating' : 'solid';
      return itemOf('device', name, name, {
        type,
        size: Number(await of('size')) * SECTOR_BYTES,
        model: await of('device/model'),
      });
    }),
  );
}
