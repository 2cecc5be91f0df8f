import { Button, Select, Switch, TextInput } from '@mantine/core';
import { type ReactNode, useContext } from 'react';
import { useText } from '../i18n/language.js';
import { type FieldProps, Form, type FormContext, inside, record, useCommon, useNames } from './schema-form-context.js';
import { asVariant, type Field, initialOf, initialOfMember, type Member, problemsAt } from './schema-model.js';
import { SingleField } from './schema-single-fields.js';

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
  const names = useNames();
  const wrong = problemsAt(useContext(Form).problems, props.place);
  const { field, name, place } = props;
  switch (field.kind) {
    case 'fixed':
      return null;
    case 'list':
      return <ListField {...props} field={field} />;
    case 'map':
      return <MapField {...props} field={field} />;
    case 'fields':
    case 'variants':
      return place === '' || /\.\d+$/.test(place) ? (
        <Bare {...props} />
      ) : (
        <Group
          label={names.label(place, name)}
          help={names.help(place, name, props.description)}
          error={wrong.length === 0 ? undefined : wrong.join('; ')}
          testId={`field-${place}`}
        >
          <Bare {...props} />
        </Group>
      );
    default:
      return <SingleField {...props} />;
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
