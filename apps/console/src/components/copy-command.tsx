import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useText } from '../i18n/language.js';
import { CheckIcon, CopyIcon } from './icons.js';

export function CopyCommand({ command, testId }: { readonly command: string; readonly testId: string }) {
  const { t } = useText();
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <div className="command">
      <code data-testid={testId}>{command}</code>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={clipboard.copied ? <CheckIcon /> : <CopyIcon />}
        onClick={() => clipboard.copy(command)}
        data-testid={`${testId}-copy`}
      >
        {t(clipboard.copied ? 'common.copied' : 'common.copy')}
      </Button>
    </div>
  );
}
