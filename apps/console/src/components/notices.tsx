import { Button } from '@mantine/core';
import type { Status } from '@yosugara/protocol';
import { serverNowMs } from '../api/client.js';
import { upkeepApi } from '../api/upkeep.js';
import { age } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { CopyCommand } from './copy-command.js';
import { Failed } from './failed.js';
import { PauseIcon } from './icons.js';
import { Time } from './time.js';
import { useCommand } from './use-command.js';
import { useNow } from './use-now.js';

interface NoticeProps {
  readonly title: string;
  readonly until: string;
  readonly why: string;
  readonly command: string;
  /** Ends it; null: whoever looks may not. */
  readonly onEnd: (() => Promise<void>) | null;
  readonly testId: string;
}

function Notice({ title, until, why, command, onEnd, testId }: NoticeProps) {
  const { t, language } = useText();
  const ending = useCommand({ mutationFn: async () => await onEnd?.() });
  useNow(10_000);
  const leftMs = Date.parse(until) - serverNowMs();
  return (
    <section className="panel notice" aria-label={title} data-testid={testId}>
      <span className="notice-icon">
        <PauseIcon size={24} />
      </span>
      <div className="grow">
        <strong>{title}</strong>
        <p>
          {t('notice.until')} <Time iso={until} />
          {leftMs > 0 && <span className="dim"> ({t('recover.left', { time: age(leftMs, language) })})</span>}
          {' · '}
          {t('notice.why', { why })}
        </p>
      </div>
      <div>
        <span className="label">{t('notice.end')}</span>
        <CopyCommand command={command} testId={`${testId}-command`} />
        {onEnd !== null && (
          <Button
            size="compact-sm"
            variant="default"
            loading={ending.isPending}
            onClick={() => ending.mutate()}
            data-testid={`${testId}-end`}
          >
            {t('govern.end')}
          </Button>
        )}
        <Failed error={ending.error} />
      </div>
    </section>
  );
}

/** What operators have switched off on purpose, by whose word and until when: it must not be looked for among the alarms. */
export function Notices({ status, mayAct }: { readonly status: Status; readonly mayAct: boolean }) {
  const { t } = useText();
  const { pause = null, maintenance = [] } = status;
  return (
    <>
      {pause !== null && (
        <Notice
          {...pause}
          title={t('notice.paused')}
          command="yosugara resume"
          onEnd={mayAct ? async () => await upkeepApi.pause({ minutes: 0, why: '' }) : null}
          testId="notice-paused"
        />
      )}
      {maintenance.map(({ node, until, why }) => (
        <Notice
          key={node}
          {...{ until, why }}
          title={t('notice.maintenance', { node })}
          command={`yosugara maintenance ${node} --off`}
          onEnd={mayAct ? async () => await upkeepApi.maintenance({ node, minutes: 0, why: '' }) : null}
          testId={`notice-maintenance-${node}`}
        />
      ))}
    </>
  );
}
