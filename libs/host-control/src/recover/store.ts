import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type RecoverReport, RecoverReportSchema } from '@yosugara/protocol';
import type { RecoverStore } from '@yosugara/runtime';
import { syncFolder } from '../os/files.js';

/** `<stateDir>/recover.json`, mode 0600. A file that cannot be read is as good as none: it only tells. */
export function createRecoverStore(path: string): RecoverStore {
  return {
    load: async (): Promise<RecoverReport | null> => {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
      return RecoverReportSchema.safeParse(parsed(text)).data ?? null;
    },
    save: async (report) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const next = `${path}.next`;
      const file = await open(next, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(report, null, 1)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, path);
      await syncFolder(dirname(path));
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
