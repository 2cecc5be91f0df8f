import { Button, TextInput } from '@mantine/core';
import type { ComponentType } from 'react';
import { useText } from '../i18n/language.js';
import { type FieldProps, inside, record, useCommon } from './schema-form-context.js';
import { Group } from './schema-group.js';
import { type Field, initialOf } from './schema-model.js';

type ManyProps<Kind extends 'list' | 'map'> = FieldProps & {
  readonly field: Extract<Field, { kind: Kind }>;
  /** What one element is shown by: of whatever kind, itself composed or not. */
  readonly Item: ComponentType<FieldProps>;
};

/** Elements one under the other; each can be moved, since the first that fits often decides. */
export function ListField(props: ManyProps<'list'>) {
  const { Item } = props;
  const { t } = useText();
  const { label, description, error, disabled } = useCommon(props);
  const list: readonly unknown[] = Array.isArray(props.value) ? props.value : [];
  const put = (at: number, value: unknown) => props.onChange(list.map((each, index) => (index === at ? value : each)));
  const swap = (at: number, other: number) => {
    const after = [...list];
    [after[at], after[other]] = [after[other], after[at]];
    props.onChange(after);
  };
  return (
    <Group label={label} help={description} error={error} testId={`field-${props.place}`}>
      {list.map((value, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: elements have no names; the fields within are all controlled.
        <div key={at} className="list-element">
          <div className="list-element-head">
            <span className="dim tabular">{at + 1}</span>
            <span className="grow" />
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              disabled={disabled || at === 0}
              onClick={() => swap(at, at - 1)}
              aria-label={t('form.up', { at: at + 1 })}
            >
              ↑
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              disabled={disabled || at === list.length - 1}
              onClick={() => swap(at, at + 1)}
              aria-label={t('form.down', { at: at + 1 })}
            >
              ↓
            </Button>
            <RemoveButton disabled={disabled} onClick={() => props.onChange(list.filter((_, index) => index !== at))} />
          </div>
          <Item
            {...props}
            field={props.field.item}
            place={inside(props.place, at)}
            value={value}
            onChange={(next) => put(at, next)}
            isNullable={false}
            isRequired
          />
        </div>
      ))}
      <AddButton place={props.place} disabled={disabled} onClick={() => props.onChange([...list, initialOf(props.field.item)])} />
    </Group>
  );
}

/** Parts that whoever fills them in names. */
export function MapField(props: ManyProps<'map'>) {
  const { Item } = props;
  const { t } = useText();
  const { label, description, error, disabled } = useCommon(props);
  const entries = Object.entries(record(props.value));
  const put = (at: number, entry: readonly [string, unknown]) =>
    props.onChange(Object.fromEntries(entries.map((each, index) => (index === at ? entry : each))));
  const freeName = () => {
    for (let number = 1; ; number++) if (!entries.some(([name]) => name === `NAME${number}`)) return `NAME${number}`;
  };
  return (
    <Group label={label} help={description} error={error} testId={`field-${props.place}`}>
      {entries.map(([name, value], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: its name is what is being typed.
        <div key={at} className="list-element">
          <div className="list-element-head">
            <TextInput
              size="xs"
              aria-label={t('form.nameOf', { label })}
              value={name}
              disabled={disabled}
              data-testid={`name-${props.place}-${at}`}
              // A name that another one has would swallow it.
              onChange={({ currentTarget: { value: next } }) =>
                !entries.some(([other], index) => index !== at && other === next) && put(at, [next, value])
              }
            />
            <span className="grow" />
            <RemoveButton
              disabled={disabled}
              onClick={() => props.onChange(Object.fromEntries(entries.filter((_, index) => index !== at)))}
            />
          </div>
          <Item
            {...props}
            field={props.field.item}
            place={inside(props.place, name)}
            value={value}
            onChange={(next) => put(at, [name, next])}
            isNullable={false}
            isRequired
          />
        </div>
      ))}
      <AddButton
        place={props.place}
        disabled={disabled}
        onClick={() => props.onChange({ ...record(props.value), [freeName()]: initialOf(props.field.item) })}
      />
    </Group>
  );
}

interface EditButtonProps {
  readonly disabled: boolean;
  readonly onClick: () => void;
}

function RemoveButton({ disabled, onClick }: EditButtonProps) {
  const { t } = useText();
  return (
    <Button size="compact-xs" variant="subtle" color="red" disabled={disabled} onClick={onClick}>
      {t('form.remove')}
    </Button>
  );
}

function AddButton({ place, disabled, onClick }: EditButtonProps & { readonly place: string }) {
  const { t } = useText();
  return (
    <Button size="compact-xs" variant="default" disabled={disabled} onClick={onClick} data-testid={`add-${place}`}>
      {t('form.add')}
    </Button>
  );
}
