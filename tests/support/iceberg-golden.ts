import { readFileSync } from 'node:fs';
import type { PrimitiveType, Value } from '../../src/base/iceberg/model.ts';
import { primitive } from '../../src/base/iceberg/schema/types.ts';

/** What PyIceberg wrote: `src/base/iceberg/golden/`. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../src/base/iceberg/golden/${name}`, import.meta.url), 'utf8'));
}

/** A value as `values-and-manifests.py` prints it. */
export type GoldenValue =
  | null
  | string
  | boolean
  | { int: string }
  | { hex: string }
  | { decimal: string }
  | { float: string };

export function goldenValue(type: PrimitiveType, printed: GoldenValue): Value | null {
  if (printed === null || typeof printed !== 'object') return printed;
  if ('hex' in printed) return Buffer.from(printed.hex, 'hex');
  if ('float' in printed) return Number(printed.float.replace('inf', 'Infinity').replace('nan', 'NaN'));
  if ('decimal' in printed) return unscaled(type, printed.decimal);
  return type === 'int' || type === 'date' ? Number(printed.int) : BigInt(printed.int);
}

/** `1.5`, `0E-10`, `1E+2` of a decimal(p, s) in units of its last digit. */
function unscaled(type: PrimitiveType, text: string): bigint {
  const parts = primitive(type);
  const [digits = '', exponent = '0'] = text.toUpperCase().split('E');
  const [whole = '', fraction = ''] = digits.split('.');
  const shift = (parts.name === 'decimal' ? parts.scale : 0) - fraction.length + Number(exponent);
  return shift >= 0
    ? BigInt(whole + fraction) * 10n ** BigInt(shift)
    : BigInt(whole + fraction) / 10n ** BigInt(-shift);
}
