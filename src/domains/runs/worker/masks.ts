import { createRedactor, type Redactor } from '../../../base/kit/redact.ts';

/** Covers the secrets of one task in everything of it that is kept. */
export interface Masks {
  cover(secrets: readonly string[]): void;
  text(text: string): string;
  value<T>(value: T): T;
}

/** The index of a redactor takes half a megabyte, and most tasks have no secret: it is made for those that have. */
export function openMasks(all: (text: string) => string): Masks {
  let own: Redactor | undefined;
  return {
    cover(secrets) {
      if (secrets.length === 0) return;
      own ??= createRedactor();
      for (const secret of secrets) own.pin(secret);
    },
    text: text => all(own ? own.redact(text) : text),
    value: value => (own ? own.redactValue(value) : value),
  };
}
