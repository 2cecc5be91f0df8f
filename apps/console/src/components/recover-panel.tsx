import { Alert, Button, Group, Modal, Progress, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.js';
import { age, bytes } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { known, type Translate } from '../i18n/translate.js';
import { type NodeStatus, recoverFraction } from './cluster-model.js';
import { CopyCommand } from './copy-command.js';
import { useToast } from './toasts.js';

const named = (t: Translate, prefix: string, code: string): string => {
  const key = known(prefix, code);
  return key === null ? code : t(key);
};

/** What a dry run answers is for people; its form may grow, so whatever it says beyond the message is shown as it is. `plan` says the same as data. */
function planText(answer: unknown): string {
  const { ok: _ok, message, plan: _plan, ...rest } = answer as { ok?: unknown; message?: unknown; plan?: unknown };
  const lines = Object.values(rest).flatMap((part) => (Array.isArray(part) ? part : [part]));
  const texts = lines.filter((line) => line !== null).map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  return [...(typeof message === 'string' ? [message] : []), ...texts].join('\n');
}

function RecoverDialog({ node, onClose }: { readonly node: string; readonly onClose: () => void }) {
  const { t } = useText();
  const toast = useToast();
  const checking = useMutation({ mutationFn: async () => await api.recover({ node, dryRun: true }) });
  const going = useMutation({
    mutationFn: async () => await api.recover({ node }),
    onSuccess: () => {
      toast({ text: t('recover.started', { node }), tone: 'info' });
      onClose();
    },
  });
  const error = going.error ?? checking.error;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('recover.confirmTitle', { node })}
      centered
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack data-testid="recover-dialog">
        <Text>{t('recover.confirm', { node })}</Text>
        {checking.data !== undefined && (
          <div>
            <Text size="sm" fw={600}>
              {t('recover.checked')}
            </Text>
            <pre className="plan">{planText(checking.data)}</pre>
          </div>
        )}
        {error !== null && (
          <Alert color="red" role="alert">
            {t('common.error', { message: error.message })}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button variant="light" loading={checking.isPending} onClick={() => checking.mutate()} data-testid="recover-check">
            {t('recover.check')}
          </Button>
          <Button loading={going.isPending} onClick={() => going.mutate()} data-testid="recover-confirm">
            {t('recover.go')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Bytes, rate and time left: what is known of them. */
function CopyNumbers({ progress }: { readonly progress: NonNullable<NodeStatus['recover']> }) {
  const { t, language } = useText();
  const { bytes: done, totalBytes, bytesPerSecond, etaMs } = progress;
  const parts = [
    ...(done == null
      ? []
      : [totalBytes == null ? bytes(done) : t('recover.copied', { done: bytes(done), total: bytes(totalBytes) })]),
    ...(bytesPerSecond == null ? [] : [`${bytes(bytesPerSecond)}/s`]),
    ...(etaMs == null ? [] : [t('recover.left', { time: age(etaMs, language) })]),
  ];
  return parts.length === 0 ? null : (
    <span className="dim tabular" data-testid="recover-numbers">
      {parts.join('  ')}
    </span>
  );
}

function RecoverProgress({ node, progress }: { readonly node: string; readonly progress: NonNullable<NodeStatus['recover']> }) {
  const { t } = useText();
  const percent = Math.round(recoverFraction(progress) * 100);
  const failed = progress.state === 'failed';
  return (
    <div className="recover-progress" data-testid="recover-progress" data-state={progress.state}>
      <div className="recover-step">
        <strong>
          {t('recover.step', { step: progress.step, steps: progress.steps, phase: named(t, 'recover.phase', progress.phase) })}
        </strong>
        <span className="dim">
          {progress.method === null
            ? t('recover.undecided')
            : t('recover.method', { method: named(t, 'method', progress.method) })}
        </span>
        <span className="grow" />
        <CopyNumbers progress={progress} />
        <span className="tabular">{percent} %</span>
      </div>
      <Progress.Root size="lg">
        <Progress.Section
          value={percent}
          color={failed ? 'red' : 'indigo'}
          animated={progress.state === 'running'}
          aria-label={t('recover.running', { node })}
        />
      </Progress.Root>
      <p className="recover-detail">{progress.detail}</p>
    </div>
  );
}

/** A node that is out, how to bring it back, and how far that is. */
export function RecoverPanel({ node, mayAct }: { readonly node: NodeStatus; readonly mayAct: boolean }) {
  const { t } = useText();
  const [asking, setAsking] = useState(false);
  const running = node.recover?.state === 'running';
  const failed = node.recover?.state === 'failed';
  const title = running ? 'recover.running' : failed ? 'recover.failed' : 'recover.title';
  return (
    <section className={running ? 'panel recover recover-running' : 'panel recover'} data-testid={`recover-${node.name}`}>
      <h2>{t(title, { node: node.name })}</h2>
      {!running && <p>{failed ? t('recover.failedHint') : t('recover.explain', { node: node.name })}</p>}
      {node.recover !== null && node.recover.state !== 'done' && <RecoverProgress node={node.name} progress={node.recover} />}
      {!running && (
        <div className="recover-actions">
          <div>
            <span className="label">{t('recover.command')}</span>
            <CopyCommand command="yosugara recover" testId="recover-command" />
          </div>
          <Button size="md" disabled={!mayAct} onClick={() => setAsking(true)} data-testid="recover-button">
            {t('recover.button', { node: node.name })}
          </Button>
        </div>
      )}
      {asking && <RecoverDialog node={node.name} onClose={() => setAsking(false)} />}
    </section>
  );
}
