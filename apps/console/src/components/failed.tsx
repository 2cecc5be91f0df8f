import { Alert } from '@mantine/core';
import { ApiError } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { known } from '../i18n/translate.js';

/** What went wrong, in a sentence; what is refused for lack of rights is no fault of anything. */
export function Failed({ error }: { readonly error: Error | null }) {
  const { t } = useText();
  if (error === null) return null;
  const code = error instanceof ApiError ? known('refused', error.code) : null;
  return (
    <Alert color={error instanceof ApiError && error.status === 403 ? 'yellow' : 'red'} role="alert" data-testid="failed">
      {code === null ? t('common.error', { message: error.message }) : t(code)}
    </Alert>
  );
}
