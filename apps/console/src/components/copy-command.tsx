import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useText } from '../i18n/language.js';
import { CheckIcon, CopyIcon } from './icons.js';

const SHOWN_MS = 2_000;

/** Without TLS the browser has no clipboard for scripts; then the marked text is copied the old way, or stays marked for the hand. */
function copyMarked(element: HTMLElement): boolean {
  const selection = window.getSelection();
  selection?.selectAllChildren(element);
  return document.execCommand('copy');
}

export function CopyCommand({ command, testId }: { readonly command: string; readonly testId: string }) {
  const { t } = useText();
  const clipboard = useClipboard({ timeout: SHOWN_MS });
  const text = useRef<HTMLElement>(null);
  const [marked, setMarked] = useState(false);
  const copy = () => {
    if (window.isSecureContext) return clipboard.copy(command);
    setMarked(text.current !== null && copyMarked(text.current));
    setTimeout(() => setMarked(false), SHOWN_MS);
  };
  const copied = clipboard.copied || marked;
  return (
    <div className="command">
      <code ref={text} data-testid={testId}>
        {command}
      </code>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={copied ? <CheckIcon /> : <CopyIcon />}
        onClick={copy}
        data-testid={`${testId}-copy`}
      >
        {t(copied ? 'common.copied' : 'common.copy')}
      </Button>
    </div>
  );
}
