// A manager's listener for agents, in a process of its own: started by agents.ts with its certificates on the IPC channel.
import { AgentListener } from '@yosugara/connectors';
import { SILENT_LOG } from '@yosugara/kernel';
import type { AgentDesk } from '@yosugara/runtime';

export interface MasterBegin {
  readonly address: string;
  readonly port: number;
  readonly key: string;
  readonly certificate: string;
  readonly clusterCa: string;
  readonly agents: string;
}
export type ToMaster = { readonly begin: MasterBegin } | { readonly serve: number };
export interface FromMaster {
  readonly is: 'open' | 'serving';
}

/** What a database would do is not measured here: it answers at once. */
const DESK: AgentDesk = {
  hello: async () => ({ committed: 0 }),
  news: async (_, __, first, news) => first + news.length - 1,
  startCheck: async () => ({ go: true, why: '' }),
  heard: () => undefined,
  gone: () => undefined,
};

let listener: AgentListener | null = null;
const say = (word: FromMaster) => process.send?.(word);

process.on('message', (message: ToMaster) => {
  if ('begin' in message) {
    const { agents, ...own } = message.begin;
    listener = new AgentListener({ ...own, log: SILENT_LOG, master: () => null, onTrouble: () => undefined });
    listener.trust([agents]);
    listener.open();
    const open = setInterval(() => {
      if (listener?.isOpen !== true) return;
      clearInterval(open);
      say({ is: 'open' });
    }, 10);
  }
  if ('serve' in message) {
    listener?.serve({
      ...{ epoch: message.serve, permitted: () => true, desk: DESK, managers: [], refusal: () => null },
      join: async () => ({ kind: 'refused', status: 403, code: 'TOKEN_REFUSED', message: 'nobody joins here' }),
      renew: async () => ({ certificate: null, authority: '', why: 'not here' }),
    });
    say({ is: 'serving' });
  }
});
process.on('disconnect', () => process.exit(0));
