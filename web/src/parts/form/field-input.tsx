import {
  Checkbox,
  MultiSelect,
  NumberInput,
  PasswordInput,
  Select,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Field, FieldValue, Values } from './field.ts';
import css from './form.module.css';

interface FieldInputProps<V extends Values> {
  field: Field<V>;
  values: V;
  error: string | undefined;
  /** Where the focus goes when the dialog opens. */
  first: boolean;
  onChange: (value: FieldValue) => void;
  set: (name: keyof V & string, value: FieldValue) => void;
}

export function FieldInput<V extends Values>(props: FieldInputProps<V>) {
  const { field, values, error, onChange, set } = props;
  const value = values[field.name] ?? null;
  return field.input === undefined ? (
    <UsualInput {...props} value={value} />
  ) : (
    field.input({ value, values, error, onChange, set })
  );
}

type UsualInputProps<V extends Values> = FieldInputProps<V> & { value: FieldValue };

function UsualInput<V extends Values>({ field, value, error, first, onChange }: UsualInputProps<V>) {
  const { t } = useTranslation();
  const common = {
    name: field.name,
    label: field.label,
    description: field.description,
    required: field.required,
    disabled: field.disabled,
    error,
    'data-autofocus': first || undefined,
  };
  const text = {
    ...common,
    placeholder: field.placeholder,
    value: typeof value === 'string' ? value : '',
    autoComplete: field.autoComplete ?? 'off',
    classNames: field.mono ? { input: css.mono } : undefined,
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  };
  const options = [...(field.options ?? [])];
  switch (field.kind) {
    case 'text':
      return <TextInput {...text} />;
    case 'email':
      return <TextInput {...text} type="email" inputMode="email" spellCheck={false} />;
    case 'password':
      return (
        <PasswordInput {...text} visibilityToggleButtonProps={{ 'aria-label': t('form.show_password') }} />
      );
    case 'long_text':
      return <Textarea {...text} autosize minRows={3} />;
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          onChange={wanted => onChange(wanted === '' ? null : Number(wanted))}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          data={options}
          placeholder={field.placeholder}
          value={typeof value === 'string' && value !== '' ? value : null}
          onChange={onChange}
          searchable={options.length > 8}
          allowDeselect={field.required !== true}
          limit={200}
          nothingFoundMessage={t('form.nothing_found')}
        />
      );
    case 'choices':
      return (
        <MultiSelect
          {...common}
          data={options}
          placeholder={field.placeholder}
          value={Array.isArray(value) ? value : []}
          onChange={onChange}
          searchable
        />
      );
    case 'yes_no':
      return (
        <Checkbox
          {...common}
          checked={value === true}
          onChange={event => onChange(event.currentTarget.checked)}
        />
      );
    default:
      return field.kind satisfies never;
  }
}
