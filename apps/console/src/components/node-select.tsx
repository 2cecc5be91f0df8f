import { Select } from '@mantine/core';
import { useText } from '../i18n/language.js';

interface NodeProps {
  readonly names: readonly string[];
  readonly value: string;
  readonly onChange: (node: string) => void;
}

/** Of which node it is meant. */
export function NodeSelect({ names, value, onChange }: NodeProps) {
  const { t } = useText();
  return (
    <Select
      label={t('govern.node')}
      data={[...names]}
      value={value}
      allowDeselect={false}
      onChange={(next) => onChange(next ?? '')}
      data-testid="govern-node"
    />
  );
}
