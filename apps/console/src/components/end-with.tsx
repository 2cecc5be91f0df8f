import { NumberInput, Select } from '@mantine/core';
import { END_STATUSES, type EndStatus, type EndWith } from '@yosugara/protocol';
import { useText } from '../i18n/language.js';

const NONE = '-';
const USUAL: Readonly<Record<EndStatus, number>> = { normal: 0, warning: 1, abnormal: -1 };

interface EndWithProps {
  readonly label: string;
  /** What it is called when it does not end so; undefined = it must. */
  readonly none?: string;
  readonly value: EndWith | null;
  readonly disabled: boolean;
  readonly onChange: (value: EndWith | null) => void;
}

/** How something ends that did not end by itself: status and value. */
export function EndWithFields({ label, none, value, disabled, onChange }: EndWithProps) {
  const { t } = useText();
  const statuses = END_STATUSES.map((each) => ({ value: each as string, label: t(`endStatus.${each}`) }));
  return (
    <div className="form-grid">
      <Select
        size="xs"
        label={label}
        value={value?.status ?? NONE}
        allowDeselect={false}
        disabled={disabled}
        data={none === undefined ? statuses : [{ value: NONE, label: none }, ...statuses]}
        onChange={(status) => {
          const found = END_STATUSES.find((each) => each === status);
          onChange(found === undefined ? null : { status: found, value: USUAL[found] });
        }}
      />
      {value !== null && (
        <NumberInput
          size="xs"
          label={t('wait.endValue')}
          value={value.value}
          disabled={disabled}
          hideControls
          onChange={(next) => onChange({ ...value, value: Number(next) })}
        />
      )}
    </div>
  );
}
