import { isAbsolute } from 'node:path';
import type { Epoch, Log } from '@yosugara/kernel';
import { YosugaraError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { HookPort } from '@yosugara/runtime';
import { lastLine, runBounded } from '../os/bounded.js';

type Hook = NonNullable<NodeConfig['cluster']['hooks']['beforePromotion']>;

/**
 * The operator's programs around a promotion (failover.md 5.7). They get node, epoch, cluster and VIP in the environment and nothing
 * of ours besides; the last line that they print is what people read.
 * @throws YosugaraError HOOK_PROGRAM — not an absolute path.
 */
export function createHooks(config: NodeConfig, log: Log): HookPort {
  const { beforePromotion, afterPromotion } = config.cluster.hooks;
  for (const hook of [beforePromotion, afterPromotion])
    if (hook !== undefined && !isAbsolute(hook.program))
      throw new YosugaraError(
        'HOOK_PROGRAM',
        `cluster.hooks: the program is an absolute path, not ${JSON.stringify(hook.program)}`,
      );
  const call = async (which: 'before' | 'after', hook: Hook | undefined, epoch: Epoch) => {
    if (hook === undefined) return { good: true, says: `no hook ${which} promotion` };
    const { kind, code, why, stdout, stderr, tookMs } = await runBounded({
      program: hook.program,
      args: [],
      env: {
        YOSUGARA_HOOK: `${which}-promotion`,
        YOSUGARA_NODE: config.node,
        YOSUGARA_EPOCH: String(epoch),
        YOSUGARA_CLUSTER: config.cluster.id,
        YOSUGARA_VIP: config.cluster.vip?.address ?? '',
      },
      deadlineMs: hook.timeoutMs,
    });
    const good = kind === 'ended' && code === 0;
    const words = lastLine({ kind, code, why, stdout: stdout.trim() === '' ? stderr : stdout, stderr: '', tookMs });
    const says =
      kind === 'late'
        ? `${hook.program} did not end within ${hook.timeoutMs} ms`
        : kind === 'failed'
          ? `${hook.program} cannot be run: ${why}`
          : words === ''
            ? `${hook.program} ended with ${code ?? 'a signal'}`
            : good
              ? words
              : `${hook.program} ended with ${code ?? 'a signal'}: ${words}`;
    log[good ? 'info' : 'warn'](`hook.${which}`, { epoch, good, says, tookMs });
    return { good, says };
  };
  return {
    before: async (epoch) => {
      const { good, says } = await call('before', beforePromotion, epoch);
      return { passed: good, says };
    },
    after: async (epoch) => {
      const { good, says } = await call('after', afterPromotion, epoch);
      return { ok: good, says };
    },
  };
}
