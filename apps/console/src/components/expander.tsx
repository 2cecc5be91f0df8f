import { useText } from '../i18n/language.js';
import { ChevronIcon } from './icons.js';

interface ExpanderProps {
  readonly name: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** Opens and closes what is below one line of a tree. */
export function Expander({ name, isOpen, onToggle }: ExpanderProps) {
  const { t } = useText();
  return (
    <button
      type="button"
      className="expander"
      aria-expanded={isOpen}
      aria-label={t(isOpen ? 'mibs.collapse' : 'mibs.expand', { name })}
      onClick={onToggle}
    >
      <ChevronIcon open={isOpen} />
    </button>
  );
}
