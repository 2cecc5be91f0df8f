import { Checkbox, NumberInput, PasswordInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useContext, useState } from 'react';
import { useText } from '../i18n/language.js';
import { ReferenceInput, ReferencesInput, referenceOf } from './reference-input.js';
import { type FieldProps, Form, record, useCommon, useNames } from './schema-form-context.js';
import type { Field } from './schema-model.js';

function TextField(props: FieldProps & { readonly field: Extract<Field, { kind: 'text' }> }) {
  const { t } = useText();
  const { hasSecret } = useContext(Form);
  const { field, value, onChange, isNullable, place } = props;
  const common = useCommon(props);
  const text = typeof value === 'string' ? value : '';
  const change = (next: string) => onChange(next === '' && isNullable ? null : next);
  if (field.isSecret) {
    const isKept = hasSecret.includes(place);
    return (
      <PasswordInput
        {...common}
        value={text}
        autoComplete="new-password"
        placeholder={isKept ? t('form.secretKept') : t('form.secretNone')}
        description={
          isKept && value !== '' ? (
            <>
              {common.description}{' '}
              <button type="button" className="link-button" onClick={() => onChange('')}>
                {t('form.secretRemove')}
              </button>
            </>
          ) : isKept ? (
            t('form.secretRemoved')
          ) : (
            common.description
          )
        }
        // Nothing said leaves it as it was.
        onChange={(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.value)}
      />
    );
  }
  if (field.isLong)
    return (
      <Textarea
        {...common}
        className="wide"
        autosize
        minRows={2}
        maxRows={12}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...common}
      value={text}
      maxLength={field.maxLength ?? undefined}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

function RangeField(props: FieldProps) {
  const { t } = useText();
  const { label, description, error, disabled } = useCommon(props);
  const [lower, upper] = Array.isArray(props.value) ? (props.value as readonly (number | null)[]) : [null, null];
  const bound = (text: string | number) => (text === '' ? null : Number(text));
  return (
    <fieldset className="range-field" data-testid={`field-${props.place}`}>
      <legend>{label}</legend>
      <NumberInput
        size="xs"
        disabled={disabled}
        aria-label={`${label}: ${t('form.atLeast')}`}
        placeholder="−∞"
        value={lower ?? ''}
        onChange={(text) => props.onChange([bound(text), upper ?? null])}
        hideControls
      />
      <span className="dim">≤ x &lt;</span>
      <NumberInput
        size="xs"
        disabled={disabled}
        aria-label={`${label}: ${t('form.below')}`}
        placeholder="∞"
        value={upper ?? ''}
        onChange={(text) => props.onChange([lower ?? null, bound(text)])}
        hideControls
      />
      {description !== undefined && <p className="field-help">{description}</p>}
      {error !== undefined && <p className="field-error">{error}</p>}
    </fieldset>
  );
}

function JsonField(props: FieldProps) {
  const { t } = useText();
  const common = useCommon(props);
  const [text, setText] = useState(() => (props.value === undefined ? '' : JSON.stringify(props.value, null, 1)));
  const [isWrong, setWrong] = useState(false);
  const change = (next: string) => {
    setText(next);
    try {
      props.onChange(next.trim() === '' ? undefined : JSON.parse(next));
      setWrong(false);
    } catch {
      // A word by itself is meant as text: `every`, `last`.
      if (/^[A-Za-z][\w-]*$/.test(next.trim())) props.onChange(next.trim());
      setWrong(!/^[A-Za-z][\w-]*$/.test(next.trim()));
    }
  };
  return (
    <Textarea
      {...common}
      autosize
      maxRows={12}
      className="mono"
      value={text}
      error={isWrong ? t('form.badJson') : common.error}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

function RecordField(props: FieldProps) {
  const { t } = useText();
  const common = useCommon(props);
  const [text, setText] = useState(() =>
    Object.entries(record(props.value))
      .map(([key, value]) => `${key}=${String(value)}`)
      .join('\n'),
  );
  const change = (next: string) => {
    setText(next);
    const pairs = next.split('\n').filter((line) => line.includes('='));
    props.onChange(
      Object.fromEntries(pairs.map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1)])),
    );
  };
  return (
    <Textarea
      {...common}
      className="wide"
      autosize
      minRows={2}
      maxRows={12}
      placeholder={t('form.pairs')}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

/** A field of one value, or of values that are entered as one. */
export function SingleField(props: FieldProps) {
  const { t } = useText();
  const names = useNames();
  const common = useCommon(props);
  const { field, value, onChange, name, place, isNullable } = props;
  const reference = referenceOf(name, place, useContext(Form).names);
  switch (field.kind) {
    case 'text':
      if (reference !== null && !field.isSecret)
        return (
          <ReferenceInput
            {...common}
            kind={reference}
            value={typeof value === 'string' ? value : ''}
            onValue={(next) => onChange(next === '' && isNullable ? null : next)}
          />
        );
      return <TextField {...props} field={field} />;
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          {...(field.min === null ? {} : { min: field.min })}
          {...(field.max === null ? {} : { max: field.max })}
          allowDecimal={!field.isWhole}
          clampBehavior="none"
          hideControls
          onChange={(next) => onChange(next === '' ? (isNullable ? null : undefined) : Number(next))}
        />
      );
    case 'truth': {
      const { label, description, error, disabled } = common;
      return (
        <Checkbox
          size="xs"
          className="form-check"
          label={label}
          description={description}
          error={error}
          disabled={disabled}
          data-testid={common['data-testid']}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    }
    case 'choice':
      return (
        <Select
          {...common}
          data={field.values.map((each) => ({ value: each, label: names.option(each, name) }))}
          value={typeof value === 'string' ? value : null}
          clearable={isNullable}
          allowDeselect={isNullable}
          placeholder={isNullable ? t('form.none') : undefined}
          onChange={(next) => onChange(next)}
        />
      );
    case 'words': {
      const words = Array.isArray(value) ? value.map(String) : [];
      const change = (next: string[]) =>
        onChange(field.areNumbers ? next.map(Number).filter((each) => !Number.isNaN(each)) : next);
      if (reference !== null) return <ReferencesInput {...common} kind={reference} value={words} onValue={change} />;
      return (
        <TagsInput
          {...common}
          value={words}
          data={[...field.choices]}
          acceptValueOnBlur
          splitChars={[',', ' ', ';']}
          onChange={change}
        />
      );
    }
    case 'range':
      return <RangeField {...props} />;
    case 'record':
      return <RecordField {...props} />;
    case 'json':
      return <JsonField {...props} />;
    default:
      return null;
  }
}
