import { Modal } from '@mantine/core';
import { useText } from '../i18n/language.js';
import type { OperationsKey } from '../i18n/operations-en.js';

interface KeyHelpProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly keys: readonly (readonly [string, string, OperationsKey])[];
}

export function KeyHelp({ opened, onClose, keys }: KeyHelpProps) {
  const { t } = useText();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <dl className="pairs key-help">
        {keys.map(([one, two, says]) => (
          <div key={says} className="pair">
            <dt>
              <kbd>{one}</kbd> {two !== '' && <kbd>{two}</kbd>}
            </dt>
            <dd>{t(says)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
