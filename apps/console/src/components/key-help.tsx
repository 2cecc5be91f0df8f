import { Modal } from '@mantine/core';
import { useText } from '../i18n/language.js';
import type { KeyLine } from './key-registry.js';

interface KeyHelpProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly keys: readonly KeyLine[];
  /** Those that do the same on every page. */
  readonly everywhere?: readonly KeyLine[];
}

function Lines({ keys }: { readonly keys: readonly KeyLine[] }) {
  const { t } = useText();
  return (
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
  );
}

export function KeyHelp({ opened, onClose, keys, everywhere = [] }: KeyHelpProps) {
  const { t } = useText();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div data-testid="key-help">
        {keys.length > 0 && <h2>{t('keys.here')}</h2>}
        {keys.length > 0 && <Lines keys={keys} />}
        {everywhere.length > 0 && (
          <>
            <h2>{t('keys.everywhere')}</h2>
            <Lines keys={everywhere} />
          </>
        )}
      </div>
    </Modal>
  );
}
