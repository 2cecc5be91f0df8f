import { Button, Checkbox, NumberInput, PasswordInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { createContext, type ReactNode, useContext, useState } from 'react';
import type { Problem } from '../api/client.js';
import { useText } from '../i18n/language.js';
import { known } from '../i18n/translate.js';
import { ReferenceInput, ReferencesInput, referenceOf } from './reference-input.js';
import { asVariant, type Field, initialOf, initialOfMember, type Member, problemsAt } from './schema-model.js';

interface FormContext {
  readonly problems: readonly Problem[];
  /** Places of secrets that the manager keeps. */
  readonly hasSecret: readonly string[];
  readonly disabled: boolean;
  /** Whose fields they are: names of theirs come first (`job` → `field.job.unit`). */
  readonly names?: string;
}
const Form = createContext<FormContext>({ problems: [], hasSecret: [], disabled: false });

interface FieldProps {
  readonly field: Field;
  readonly place: string;
  readonly name: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly isNullable: boolean;
  readonly isRequired: boolean;
  readonly description: string;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const inside = (place: string, key: string | number) => (place === '' ? String(key) : `${place}.${key}`);

/** `failureIsChange` → `Failure is change`: a field that nobody has named yet is still to be read. */
function humanised(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The name of a field, and a sentence about it: of its place first (`check.count`), then of any field that is called so. */
export function useNames() {
  const { t } = useText();
  const { names } = useContext(Form);
  const find = (kind: 'field' | 'help', place: string, name: string) => {
    const generic = place.replace(/\.\d+(?=\.|$)/g, '');
    const own = names === undefined ? null : (known(kind, `${names}.${generic}`) ?? known(kind, `${names}.${name}`));
    const key = own ?? known(kind, generic) ?? known(kind, name);
    return key === null ? null : t(key);
  };
  return {
    label: (place: string, name: string) => find('field', place, name) ?? humanised(name),
    help: (place: string, name: string, description: string) =>
      find('help', place, name) ?? (description === '' ? undefined : description),
    option: (value: string, name: string) => {
      const key =
        (names === undefined ? null : known('choice', `${names}.${value}`)) ??
        known('choice', `${name}.${value}`) ??
        known('choice', value) ??
        known('priority', value) ??
        known('eventState', value);
      return key === null ? value : t(key);
    },
  };
}

function useCommon({ field, place, name, isRequired, description }: FieldProps) {
  const names = useNames();
  const { problems, disabled } = useContext(Form);
  const wrong = problemsAt(problems, place, ['words', 'range', 'record', 'json'].includes(field.kind));
  return {
    size: 'xs' as const,
    label: names.label(place, name),
    description: names.help(place, name, description),
    error: wrong.length === 0 ? undefined : wrong.join('; '),
    withAsterisk: isRequired,
    disabled,
    'data-testid': `field-${place}`,
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[],
  };
}

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

/** Elements one under the other; each can be moved, since the first that fits often decides. */
function ListField(props: FieldProps & { readonly field: Extract<Field, { kind: 'list' }> }) {
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
            <Button
              size="compact-xs"
              variant="subtle"
              color="red"
              disabled={disabled}
              onClick={() => props.onChange(list.filter((_, index) => index !== at))}
            >
              {t('form.remove')}
            </Button>
          </div>
          <SchemaField
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
      <Button
        size="compact-xs"
        variant="default"
        disabled={disabled}
        onClick={() => props.onChange([...list, initialOf(props.field.item)])}
        data-testid={`add-${props.place}`}
      >
        {t('form.add')}
      </Button>
    </Group>
  );
}

/** Parts that whoever fills them in names. */
function MapField(props: FieldProps & { readonly field: Extract<Field, { kind: 'map' }> }) {
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
            <Button
              size="compact-xs"
              variant="subtle"
              color="red"
              disabled={disabled}
              onClick={() => props.onChange(Object.fromEntries(entries.filter((_, index) => index !== at)))}
            >
              {t('form.remove')}
            </Button>
          </div>
          <Bare
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
      <Button
        size="compact-xs"
        variant="default"
        disabled={disabled}
        onClick={() => props.onChange({ ...record(props.value), [freeName()]: initialOf(props.field.item) })}
        data-testid={`add-${props.place}`}
      >
        {t('form.add')}
      </Button>
    </Group>
  );
}

function Group({
  label,
  help,
  error,
  testId,
  children,
}: {
  readonly label: string;
  readonly help?: string | undefined;
  readonly error?: string | undefined;
  readonly testId: string;
  readonly children: ReactNode;
}) {
  return (
    <fieldset className="form-group" data-testid={testId}>
      <legend>{label}</legend>
      {help !== undefined && <p className="field-help">{help}</p>}
      {error !== undefined && <p className="field-error">{error}</p>}
      {children}
    </fieldset>
  );
}

const isComposed = (field: Field): boolean => field.kind === 'fields' || field.kind === 'variants';

/** A part that need not be there: a switch says whether it is. */
function OptionalPart({
  member,
  place,
  value,
  onChange,
}: {
  readonly member: Member;
  readonly place: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}) {
  const names = useNames();
  const { disabled, problems } = useContext(Form);
  const isThere = value !== undefined && value !== null;
  const error = problemsAt(problems, place)[0];
  return (
    <fieldset className="form-group">
      <legend>
        <Switch
          size="xs"
          label={names.label(place, member.name)}
          checked={isThere}
          disabled={disabled}
          data-testid={`field-${place}`}
          onChange={(event) =>
            onChange(event.currentTarget.checked ? initialOf(member.field) : member.isNullable ? null : undefined)
          }
        />
      </legend>
      <p className="field-help">{names.help(place, member.name, member.description)}</p>
      {error !== undefined && <p className="field-error">{error}</p>}
      {isThere && (
        <Bare
          field={member.field}
          place={place}
          name={member.name}
          value={value}
          onChange={onChange}
          isNullable={false}
          isRequired
          description=""
        />
      )}
    </fieldset>
  );
}

/** What nobody leaves as it is comes first. */
const FIRST = ['name', 'facility', 'intervalS', 'notifications', 'calendar'];
const placeOf = ({ name }: Member): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** What is within, without a frame of its own. */
function Bare(props: FieldProps) {
  const { field, place, value, onChange } = props;
  if (field.kind === 'fields') return <Members members={field.members} place={place} value={value} onChange={onChange} />;
  if (field.kind === 'variants') return <Variants {...props} field={field} />;
  return <SchemaField {...props} />;
}

function Variants(props: FieldProps & { readonly field: Extract<Field, { kind: 'variants' }> }) {
  const names = useNames();
  const { disabled, problems } = useContext(Form);
  const { field, place, value, onChange } = props;
  const chosen = String(record(value)[field.tag] ?? field.variants[0]?.value);
  const variant = field.variants.find((each) => each.value === chosen);
  const tagPlace = inside(place, field.tag);
  return (
    <>
      <div className="form-grid">
        <Select
          size="xs"
          label={names.label(tagPlace, field.tag)}
          description={names.help(tagPlace, field.tag, '')}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          data={field.variants.map((each) => ({ value: each.value, label: names.option(each.value, field.tag) }))}
          value={chosen}
          allowDeselect={false}
          searchable={field.variants.length > 8}
          disabled={disabled}
          error={problemsAt(problems, tagPlace)[0]}
          onChange={(next) => next !== null && onChange(asVariant(field, next, value))}
          data-testid={`field-${tagPlace}`}
        />
      </div>
      {variant !== undefined && <Members members={variant.members} place={place} value={value} onChange={onChange} />}
    </>
  );
}

function Members({
  members,
  place,
  value,
  onChange,
}: {
  readonly members: readonly Member[];
  readonly place: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}) {
  const now = record(value);
  const put = (name: string, next: unknown) => {
    const { [name]: _, ...others } = now;
    onChange(next === undefined ? others : { ...now, [name]: next });
  };
  const shown = members.filter(({ field }) => field.kind !== 'fixed' && !(field.kind === 'fields' && field.members.length === 0));
  const simple = shown
    .filter(({ field }) => !isComposed(field) && field.kind !== 'list' && field.kind !== 'map')
    .sort((one, two) => placeOf(one) - placeOf(two));
  const composed = shown.filter(({ field }) => isComposed(field) || field.kind === 'list' || field.kind === 'map');
  return (
    <>
      {simple.length > 0 && (
        <div className="form-grid">
          {simple.map((member) => (
            <SchemaField
              key={member.name}
              {...member}
              place={inside(place, member.name)}
              value={now[member.name] ?? (member.isRequired ? undefined : initialOfMember(member))}
              onChange={(next) => put(member.name, next)}
            />
          ))}
        </div>
      )}
      {composed.map((member) => {
        const at = inside(place, member.name);
        if (isComposed(member.field) && (member.isNullable || (!member.isRequired && member.usual === undefined)))
          return (
            <OptionalPart
              key={member.name}
              member={member}
              place={at}
              value={now[member.name]}
              onChange={(next) => put(member.name, next)}
            />
          );
        return (
          <SchemaField
            key={member.name}
            {...member}
            place={at}
            value={now[member.name]}
            onChange={(next) => put(member.name, next)}
          />
        );
      })}
    </>
  );
}

function SchemaField(props: FieldProps) {
  const { t } = useText();
  const names = useNames();
  const common = useCommon(props);
  const { field, value, onChange, name, place, isNullable } = props;
  const reference = referenceOf(name, place, useContext(Form).names);
  switch (field.kind) {
    case 'fixed':
      return null;
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
    case 'list':
      return <ListField {...props} field={field} />;
    case 'record':
      return <RecordField {...props} />;
    case 'map':
      return <MapField {...props} field={field} />;
    case 'json':
      return <JsonField {...props} />;
    case 'fields':
    case 'variants':
      return place === '' || /\.\d+$/.test(place) ? (
        <Bare {...props} />
      ) : (
        <Group
          label={names.label(place, name)}
          help={names.help(place, name, props.description)}
          error={common.error}
          testId={`field-${place}`}
        >
          <Bare {...props} />
        </Group>
      );
  }
}

interface SchemaFormProps extends FormContext {
  readonly field: Field;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** A form made of what the manager says of a kind: new fields of a new version are in it without a change here. */
export function SchemaForm({ field, value, onChange, ...context }: SchemaFormProps) {
  return (
    <Form value={context}>
      <Bare field={field} place="" name="" value={value} onChange={onChange} isNullable={false} isRequired description="" />
    </Form>
  );
}
