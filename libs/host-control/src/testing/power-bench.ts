import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId, SILENT_LOG } from '@yosugara/kernel';
import { type FenceDeviceConfig, NodeConfigSchema } from '@yosugara/protocol';
import type { FencePort } from '@yosugara/runtime';
import { monotonicMs } from '../deadman/protocol.js';
import { createFencePort } from '../fence/port.js';

export const TARGET = nodeId('b');
export type Script = 'obey' | 'lie' | 'refuse' | 'hang' | 'garbage' | 'flap' | `slow ${string}`;

/** What a shell can play of a power device: `mode` says how it behaves, `power` is the host's, `calls` what it was asked. */
const PROGRAM = `#!/bin/sh
cd "$(dirname "$0")" || exit 9
cat > "input.$1"
tr '\\0' '\\n' < /proc/$$/environ > environ
tr '\\0' ' ' < /proc/$$/cmdline > cmdline
echo "$1 $2" >> calls
read -r mode argument < mode
case "$mode" in
  hang) sleep 600 & echo $! > sleeper; wait ;;
  refuse) echo "the board refuses" >&2; exit 1 ;;
  garbage) echo "perhaps"; exit 0 ;;
  flap) n=$(wc -l < calls); [ $((n % 2)) = 0 ] && { echo "no route" >&2; exit 1; } ;;
  slow) sleep "$argument" ;;
esac
case "$1" in
  status) cat power ;;
  *) [ "$mode" = lie ] || echo "$1" > power; echo "ok: $1" ;;
esac
`;

export class ScriptedDevice {
  readonly folder: string;
  readonly config: FenceDeviceConfig;

  constructor(parent: string, name: string, change: Partial<FenceDeviceConfig> = {}) {
    this.folder = join(parent, name);
    mkdirSync(this.folder);
    writeFileSync(join(this.folder, 'device'), PROGRAM, { mode: 0o755 });
    writeFileSync(join(this.folder, 'power'), 'on\n');
    writeFileSync(join(this.folder, 'calls'), '');
    this.behave('obey');
    const device = { name, driver: 'command' as const, program: join(this.folder, 'device'), options: {}, secretFiles: {} };
    this.config = { ...device, timeoutMs: 20_000, offMs: 100, ...change };
  }

  behave(script: Script): void {
    writeFileSync(join(this.folder, 'mode'), `${script}\n`);
  }
  isOn(): boolean {
    return this.read('power') === 'on';
  }
  calls(): string[] {
    return this.read('calls').split('\n');
  }
  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8').trim();
  }
  vanish(): void {
    rmSync(join(this.folder, 'device'));
  }
  wasAsked(): boolean {
    return existsSync(join(this.folder, 'cmdline'));
  }
}

/** Folders and ports of one specification; all of it gone at the end. */
export class FenceBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'yosugara-fence-'));
  readonly #ports: FencePort[] = [];

  async port(levels: readonly (readonly FenceDeviceConfig[])[]): Promise<FencePort> {
    const member = (id: string, kind: 'data' | 'witness') => ({ id, kind, address: '127.0.2.1', peerId: id });
    const config = NodeConfigSchema.parse({
      cluster: {
        id: 'fence-spec',
        members: [member('a', 'data'), { ...member('b', 'data'), fence: levels }, member('w', 'witness')],
      },
      node: 'a',
      stateDir: join(this.folder, 'state'),
    });
    const port = await createFencePort({ config, log: SILENT_LOG, clock: { monotonicMs, wallMs: () => Date.now() } });
    this.#ports.push(port);
    return port;
  }

  async close(): Promise<void> {
    await Promise.all(this.#ports.map((port) => port.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
