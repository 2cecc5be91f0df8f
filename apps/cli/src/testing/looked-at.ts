import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';
import type { CheckContext } from '../checks/index.js';

export const LOOKED_AT_ADDRESS = '127.9.7.1';

/** A host that is looked at: its /proc, /sys, /run and its programs lie in a folder. */
export class LookedAt {
  readonly root = mkdtempSync(join(tmpdir(), 'yosu-check-'));
  readonly #path = process.env['PATH'];

  /** A file of the host. */
  readonly there = (path: string, text: string, mode = 0o644): string => {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };

  /** A program that is found first. */
  readonly program = (name: string, script: string): string => {
    const file = this.there(join('bin', name), `#!/bin/sh\n${script}\n`, 0o755);
    process.env['PATH'] = `${join(this.root, 'bin')}:${this.#path}`;
    return file;
  };

  readonly context = (cluster: Partial<NodeConfig['cluster']> = {}, more: Record<string, unknown> = {}): CheckContext => {
    const member = (id: string, kind: 'data' | 'witness', address: string) => ({ id, kind, address, zone: id, peerId: id });
    const members = [
      member('a', 'data', LOOKED_AT_ADDRESS),
      member('b', 'data', '127.9.7.2'),
      member('w', 'witness', '127.9.7.3'),
    ];
    const wanted = { cluster: { id: 'test', members, ...cluster }, node: 'a', stateDir: this.root, ...more };
    const config = NodeConfigSchema.parse(wanted);
    return { config, configFile: join(this.root, 'yosugara.yaml'), account: null, running: false, root: this.root };
  };

  close(): void {
    process.env['PATH'] = this.#path;
    rmSync(this.root, { recursive: true, force: true });
  }
}
