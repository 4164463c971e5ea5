import type { ReactNode } from 'react';

export type FieldValue = string | number | boolean | string[] | null;
export type Values = Record<string, FieldValue>;

interface Option {
  value: string;
  label: string;
  description?: string;
}

/** What a control is given: its value and, because fields may depend on each other, all of them. */
export interface InputProps<V extends Values = Values> {
  value: FieldValue;
  values: V;
  error: string | undefined;
  onChange: (value: FieldValue) => void;
  /** Another one, where two belong together. */
  set: (name: keyof V & string, value: FieldValue) => void;
}

/** One field of a form, as data. Rules live on the server: its answer names the fields, and the form shows it there. */
export interface Field<V extends Values = Values> {
  name: keyof V & string;
  kind: 'text' | 'email' | 'password' | 'number' | 'choice' | 'choices' | 'yes_no' | 'long_text';
  label: string;
  /** One line of help, read out with the field. */
  description?: string;
  required?: boolean;
  options?: readonly Option[];
  placeholder?: string;
  /** What the browser or a password manager may fill in (WCAG 1.3.5). */
  autoComplete?: string;
  mono?: boolean;
  /** Begins a group of fields under this heading. */
  group?: string;
  /** How its value reads where two versions are compared, when the value itself is for machines. */
  show?: (value: FieldValue) => string;
  disabled?: boolean;
  /** A control of its own kind, where none of the usual ones says enough. */
  input?: (props: InputProps<V>) => ReactNode;
}

/** Empty required fields, by name: the one rule that needs no server. */
export function missingFields(fields: readonly Field[], values: Values): string[] {
  return fields
    .filter(field => field.required === true && isEmpty(values[field.name]))
    .map(field => field.name);
}

function isEmpty(value: FieldValue | undefined): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}
