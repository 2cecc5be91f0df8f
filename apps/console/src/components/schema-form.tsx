import { Select, Switch } from '@mantine/core';
import { useContext } from 'react';
import { type FieldProps, Form, type FormContext, inside, record, useNames } from './schema-form-context.js';
import { Group } from './schema-group.js';
import { ListField, MapField } from './schema-many-fields.js';
import { asVariant, type Field, initialOf, initialOfMember, type Member, problemsAt } from './schema-model.js';
import { SingleField } from './schema-single-fields.js';

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
      return <ListField {...props} field={field} Item={SchemaField} />;
    case 'map':
      return <MapField {...props} field={field} Item={Bare} />;
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
