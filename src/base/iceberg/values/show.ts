import type { PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';
import { floorDiv, MICROS_OF_DAY, showDay, two } from './calendar.ts';
import { asBuffer } from './single.ts';

/** A value for people, and the text of the specification's JSON single values: ISO 8601, plain decimals, bytes in hexadecimal. */
export function showValue(type: PrimitiveType, value: Value): string {
  if (value instanceof Uint8Array) return type === 'uuid' ? showUuid(value) : asBuffer(value).toString('hex');
  if (typeof value === 'number') return type === 'date' ? showDay(value) : String(value);
  if (typeof value !== 'bigint') return String(value);
  switch (type) {
    case 'long':
      return String(value);
    case 'time':
      return showTime(value);
    case 'timestamp':
      return showTimestamp(value);
    case 'timestamptz':
      return `${showTimestamp(value)}+00:00`;
  }
  const parts = primitive(type);
  return parts.name === 'decimal' ? showDecimal(value, parts.scale) : String(value);
}

function showUuid(bytes: Uint8Array): string {
  return asBuffer(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function showDecimal(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function showTimestamp(micros: bigint): string {
  const days = floorDiv(micros, MICROS_OF_DAY);
  return `${showDay(Number(days))}T${showTime(micros - days * MICROS_OF_DAY)}`;
}

function showTime(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n);
  const fraction = String(micros % 1_000_000n).padStart(6, '0');
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === '000000' ? time : `${time}.${fraction}`;
}
