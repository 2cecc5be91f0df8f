import { resolve } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { certificateHealth, certificates, change, renderCertificates, rotate } from '../commands/certificates.js';
import { CommandFailedError } from '../commands/follow.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { whoAsks } from './arguments.js';
import type { Common, VerbContext } from './context.js';

const seconds = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number above 0 is needed');
  return Number(text);
};

/** The verbs about certificates of members and their authority. Those of agents: `agents`. */
export function addCertificates(program: Command, { add, set, controllers, show, terminal, stop }: VerbContext): void {
  const group = program.command('certificates').description('certificates of the members and the authority that signs them');
  const paint = painter(terminal);
  add('list', 'each certificate, when it ends and who signed it; whom each member trusts', group).action((options: Common) =>
    set(async () => {
      const answer = await certificates(controllers(options));
      show(options, answer, () => renderCertificates(answer, paint));
      return certificateHealth(answer);
    })(),
  );
  add('renew', 'new keys and certificates now; they are renewed by themselves when two thirds of their life are over', group)
    .argument('[node]', 'default: all, one after the other')
    .action((node: string | undefined, options: Common) =>
      set(async () => {
        const ask = node === undefined ? {} : { node };
        const answer = await change(controllers(options), { method: 'renewCertificates', ...ask });
        show(options, answer, () => renderCertificates(answer, paint));
        return EXIT.ok;
      })(),
    );
  add('keep', 'give the key of the authority to the data nodes, so that certificates are renewed by themselves', group)
    .argument('<file>', 'PEM, on this node, as `init` wrote it; the controller must be able to read it')
    .action((file: string, options: Common) =>
      set(async () => {
        const answer = await change(controllers(options), { method: 'keepAuthority', keyFile: resolve(file) });
        show(options, answer, () => renderCertificates(answer, paint));
        return EXIT.ok;
      })(),
    );
  add(
    'rotate-ca',
    'replace the authority: all trust both, then all have certificates of the new one, then all trust it alone',
    group,
  )
    .option('--leave-agents', 'do not wait for agents that have not said that they trust the new one: they must join anew', false)
    .option('--timeout <seconds>', 'how long to wait for agents', seconds, 600)
    .action((options: Common & { leaveAgents: boolean; timeout: number }) =>
      set(async () => {
        const { leaveAgents, timeout } = options;
        const note = (line: string) => terminal.note(`${line}\n`);
        const answer = await rotate(controllers(options), { leaveAgents, timeoutMs: timeout * 1_000, note, stop });
        show(options, answer, () => renderCertificates(answer, paint));
        return EXIT.ok;
      })(),
    );
  add('revoke', 'shut a member out, for all others and at once; it comes back only with another identity', group)
    .argument('<node>', 'name of the node')
    .option('--yes', 'you know that a revoked node cannot be let in again', false)
    .action((node: string, options: Common & { yes: boolean }) =>
      set(async () => {
        if (!options.yes) throw new CommandFailedError('USAGE', 'certificates revoke: --yes is needed, it cannot be taken back');
        const answer = await change(controllers(options), { method: 'revokeMember', node, by: whoAsks() });
        show(options, answer, () =>
          [
            renderCertificates(answer, paint),
            `${node} knew what all nodes share: now replace the authority (certificates rotate-ca) and the secrets of docs/certificates.md, "After a revocation"`,
          ].join('\n'),
        );
        return EXIT.ok;
      })(),
    );
}
