import { isAbsolute } from 'node:path';
import type { Epoch, Log } from '@yosugara/kernel';
import { YosugaraError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { HookOptions, HookPort } from '@yosugara/runtime';
import { type BoundedEnd, lastLine, runBounded } from '../os/bounded.js';

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
  const call = async (which: 'before' | 'after', hook: Hook | undefined, epoch: Epoch, { signal }: HookOptions) => {
    if (hook === undefined) return { good: true, says: `no hook ${which} promotion` };
    const end = await runBounded({
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
      ...(signal === undefined ? {} : { signal }),
    });
    const good = end.kind === 'ended' && end.code === 0;
    const says = wordsOf(hook, end, signal);
    log[good ? 'info' : 'warn'](`hook.${which}`, { epoch, good, says, tookMs: end.tookMs });
    return { good, says };
  };
  return {
    before: async (epoch, options = {}) => {
      const { good, says } = await call('before', beforePromotion, epoch, options);
      return { passed: good, says };
    },
    after: async (epoch, options = {}) => {
      const { good, says } = await call('after', afterPromotion, epoch, options);
      return { ok: good, says };
    },
  };
}

function wordsOf({ program, timeoutMs }: Hook, end: BoundedEnd, signal: AbortSignal | undefined): string {
  const { kind, code, why, stdout, stderr } = end;
  if (kind === 'late') return `${program} did not end within ${timeoutMs} ms`;
  if (kind === 'stopped') return `${program} was called off: ${signal?.reason}`;
  if (kind === 'failed') return `${program} cannot be run: ${why}`;
  const words = lastLine({ ...end, stdout: stdout.trim() === '' ? stderr : stdout, stderr: '' });
  const ended = `${program} ended with ${code ?? 'a signal'}`;
  if (words === '') return ended;
  return code === 0 ? words : `${ended}: ${words}`;
}
