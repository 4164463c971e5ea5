import { IcebergError } from '../errors.ts';
import type { PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';

// The binary single-value form of the specification (appendix D): what bounds are in manifests and their lists.

export function encodeValue(type: PrimitiveType, value: Value): Buffer {
  switch (type) {
    case 'boolean':
      return Buffer.of(asBoolean(type, value) ? 1 : 0);
    case 'int':
    case 'date':
      return int32(type, asNumber(type, value));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return int64(type, asBigint(type, value));
    case 'float': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(asNumber(type, value));
      return bytes;
    }
    case 'double': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(asNumber(type, value));
      return bytes;
    }
    case 'string':
      if (typeof value !== 'string') throw wrong(type, value);
      return Buffer.from(value, 'utf8');
    case 'binary':
      return Buffer.from(asBytes(type, value));
  }
  const parts = primitive(type);
  if (parts.name === 'decimal') return encodeDecimal(asBigint(type, value));
  const length = parts.name === 'fixed' ? parts.length : 16;
  const bytes = asBytes(type, value);
  if (bytes.length !== length) throw wrong(type, value);
  return Buffer.from(bytes);
}

/**
 * Shorter bytes of a narrower type pass: bounds outlive the widening of their column. Fails with `corrupt`; who reads a bound
 * may as well go on without it.
 */
export function decodeValue(type: PrimitiveType, bytes: Uint8Array): Value {
  const view = asBuffer(bytes);
  switch (type) {
    case 'boolean':
      return sized(type, view, 1).readUInt8() !== 0;
    case 'int':
    case 'date':
      return sized(type, view, 4).readInt32LE();
    case 'long':
      return view.length === 4 ? BigInt(view.readInt32LE()) : sized(type, view, 8).readBigInt64LE();
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return sized(type, view, 8).readBigInt64LE();
    case 'float':
      return sized(type, view, 4).readFloatLE();
    case 'double':
      return view.length === 4 ? view.readFloatLE() : sized(type, view, 8).readDoubleLE();
    case 'string':
      return view.toString('utf8');
    case 'binary':
      return view;
    case 'uuid':
      return sized(type, view, 16);
  }
  const parts = primitive(type);
  if (parts.name === 'decimal') return decodeDecimal(type, view);
  // A bound of a long fixed is its first bytes.
  if (parts.name === 'fixed' && view.length > parts.length) throw corrupt(type, view.length);
  return view;
}

/** The shortest big-endian two's complement. */
export function encodeDecimal(unscaled: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(8 * length, unscaled) !== unscaled) length += 1;
  return decimalBytes(unscaled, length);
}

/** Big-endian two's complement in exactly `length` bytes, which must be enough. */
export function decimalBytes(unscaled: bigint, length: number): Buffer {
  const hex = BigInt.asUintN(8 * length, unscaled).toString(16);
  return Buffer.from(hex.padStart(2 * length, '0'), 'hex');
}

/** 38 digits take 16 bytes; some writers pad. More is no decimal of ours, and would be an expensive bigint. */
const MAX_DECIMAL_BYTES = 64;

export function decodeDecimal(type: string, bytes: Buffer): bigint {
  if (bytes.length === 0 || bytes.length > MAX_DECIMAL_BYTES) throw corrupt(type, bytes.length);
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function int32(type: string, value: number): Buffer {
  if (!Number.isInteger(value) || value !== (value | 0)) throw wrong(type, value);
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function int64(type: string, value: bigint): Buffer {
  if (BigInt.asIntN(64, value) !== value) throw wrong(type, value);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function asBoolean(type: string, value: Value): boolean {
  if (typeof value !== 'boolean') throw wrong(type, value);
  return value;
}

function asNumber(type: string, value: Value): number {
  if (typeof value !== 'number') throw wrong(type, value);
  return value;
}

function asBigint(type: string, value: Value): bigint {
  if (typeof value !== 'bigint') throw wrong(type, value);
  return value;
}

function asBytes(type: string, value: Value): Uint8Array {
  if (!(value instanceof Uint8Array)) throw wrong(type, value);
  return value;
}

function sized(type: string, bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw corrupt(type, bytes.length);
  return bytes;
}

function corrupt(type: string, length: number): IcebergError {
  return new IcebergError('corrupt', `${length} bytes are no value of type ${type}`, { type, length });
}

function wrong(type: string, value: Value): IcebergError {
  const shown =
    value instanceof Uint8Array ? `${value.length} bytes` : `${typeof value} ${String(value).slice(0, 40)}`;
  return new IcebergError('invalid', `${shown} is no value of type ${type}`, { type });
}
