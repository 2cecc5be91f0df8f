import { Button, Progress } from '@mantine/core';
import { age, bytes } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { type NodeStatus, recoverFraction } from './cluster-model.js';
import { CopyCommand } from './copy-command.js';
import { Said } from './said.js';

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
      {parts.join(' · ')}
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
      <p className="recover-detail">
        <Said text={progress.detail} />
      </p>
    </div>
  );
}

/** Why a button is grey, in words: a greyed-out button shows no hint of its own. */
function LookOnly() {
  const { t } = useText();
  return <span className="dim">{t('common.notNow')}</span>;
}

interface PanelProps {
  readonly node: NodeStatus;
  readonly mayAct: boolean;
  /** The dialog is the page's: what is being read must not vanish when the node is seen otherwise for a moment. */
  readonly onAsk: () => void;
}

/** A node that is out, how to bring it back, and how far that is. */
export function RecoverPanel({ node, mayAct, onAsk }: PanelProps) {
  const { t } = useText();
  const running = node.recover?.state === 'running';
  const failed = node.recover?.state === 'failed';
  const title = running ? 'recover.running' : failed ? 'recover.failed' : 'recover.title';
  return (
    <section className={running ? 'panel recover recover-running' : 'panel recover'} data-testid={`recover-${node.name}`}>
      <h2>{t(title, { node: node.name })}</h2>
      {!running && <p>{failed ? t('recover.failedHint') : t('recover.explain', { node: node.name })}</p>}
      {!running && !failed && node.why !== '' && (
        <p className="recover-detail" data-testid="recover-why">
          <Said text={node.why} />
        </p>
      )}
      {node.recover !== null && node.recover.state !== 'done' && <RecoverProgress node={node.name} progress={node.recover} />}
      {!running && (
        <div className="recover-actions">
          <div>
            <span className="label">{t('recover.command')}</span>
            <CopyCommand command="yosugara recover" testId="recover-command" />
          </div>
          {!mayAct && <LookOnly />}
          <Button size="md" disabled={!mayAct} onClick={onAsk} data-testid="recover-button">
            {t('recover.button', { node: node.name })}
          </Button>
        </div>
      )}
    </section>
  );
}
