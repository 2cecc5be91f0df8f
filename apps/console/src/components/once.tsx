import { Alert, Button, CopyButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useText } from '../i18n/language.js';

/** Something that is told once and never again. */
export function Once({
  title,
  secret,
  children,
  testId,
}: {
  readonly title: string;
  readonly secret: string;
  readonly children?: ReactNode;
  readonly testId: string;
}) {
  const { t } = useText();
  return (
    <Alert color="indigo" title={title} data-testid={testId}>
      <p>{t('once.hint')}</p>
      <pre className="once-secret">{secret}</pre>
      <CopyButton value={secret}>
        {({ copied, copy }) => (
          <Button size="compact-sm" variant="default" onClick={copy}>
            {t(copied ? 'common.copied' : 'common.copy')}
          </Button>
        )}
      </CopyButton>
      {children}
    </Alert>
  );
}
