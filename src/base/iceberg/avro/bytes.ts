import { IcebergError } from '../errors.ts';

// Avro's bytes, read without trust: whatever they say, nothing beyond their end is read and nothing larger than them is made.

export function corruptAvro(file: string, what: string, cause?: unknown): IcebergError {
  return new IcebergError('corrupt', `${file} is not a whole Avro file: ${what}`, { file }, { cause });
}

/** A place in bytes that moves on as they are read. */
export class Cursor {
  readonly bytes: Buffer;
  readonly file: string;
  at: number;

  constructor(bytes: Buffer, file: string, at = 0) {
    this.bytes = bytes;
    this.file = file;
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw this.ends();
    this.at += 1;
    return byte;
  }

  /** Moves over `length` bytes and answers where they begin. */
  pass(length: number): number {
    const start = this.at;
    if (!(length >= 0 && length <= this.bytes.length - start)) throw this.ends();
    this.at = start + length;
    return start;
  }

  take(length: number): Buffer {
    const start = this.pass(length);
    return this.bytes.subarray(start, start + length);
  }

  /** A length, a count or any other long below 2^52. */
  number(): number {
    // Nearly all are short, and fit into 28 bits.
    let byte = this.byte();
    let low = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = this.byte();
      low |= (byte & 0x7f) << shift;
    }
    return byte < 0x80 ? (low >>> 1) ^ -(low & 1) : this.largeNumber(low);
  }

  private largeNumber(low: number): number {
    let byte = 0x80;
    let zigzag = low;
    for (let scale = 2 ** 28; byte >= 0x80; scale *= 128) {
      byte = this.byte();
      zigzag += (byte & 0x7f) * scale;
      if (zigzag > Number.MAX_SAFE_INTEGER) throw corruptAvro(this.file, 'a number is out of range');
      if (scale > 2 ** 63) throw corruptAvro(this.file, 'a number has more than 64 bits');
    }
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  long(): bigint {
    let byte = this.byte();
    let low = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = this.byte();
      low |= (byte & 0x7f) << shift;
    }
    return byte < 0x80 ? BigInt((low >>> 1) ^ -(low & 1)) : this.largeLong(low);
  }

  /** Bits 28 to 55, then 56 to 63: few operations on bigints, which are slow. */
  private largeLong(low: number): bigint {
    let byte = 0x80;
    let middle = 0;
    for (let shift = 0; byte >= 0x80 && shift < 28; shift += 7) {
      byte = this.byte();
      middle |= (byte & 0x7f) << shift;
    }
    let high = 0;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (shift > 7) throw corruptAvro(this.file, 'a number has more than 64 bits');
      byte = this.byte();
      high |= (byte & 0x7f) << shift;
    }
    const zigzag = (BigInt((high & 0xff) * 2 ** 28 + middle) << 28n) | BigInt(low);
    return (zigzag >> 1n) ^ -(zigzag & 1n);
  }

  /** Moves over a long. */
  passLong(): void {
    for (let length = 1; this.byte() >= 0x80; length += 1)
      if (length === 10) throw corruptAvro(this.file, 'a number has more than 64 bits');
  }

  text(): string {
    const length = this.number();
    const start = this.pass(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  /** Each element takes a byte at least: a greater count than there are bytes is a lie. A negative one is followed by a size. */
  count(): number {
    const count = this.number();
    if (count >= 0 && count <= this.left) return count;
    if (count < 0) {
      this.number();
      if (-count <= this.left) return -count;
    }
    throw corruptAvro(this.file, `${count} elements in ${this.left} bytes`);
  }

  ends(): IcebergError {
    return corruptAvro(this.file, 'it ends too early');
  }
}

/** Bytes that grow as they are written. */
export class Sink {
  private bytes = Buffer.allocUnsafe(4096);
  length = 0;

  number(value: number): void {
    if (value >= -0x4000_0000 && value < 0x4000_0000) this.zigzag((value << 1) ^ (value >> 31));
    else this.long(BigInt(value));
  }

  private zigzag(value: number): void {
    this.reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  long(value: bigint): void {
    this.reserve(10);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest >= 0x80n) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }

  float(value: number): void {
    this.reserve(4);
    this.length = this.bytes.writeFloatLE(value, this.length);
  }

  double(value: number): void {
    this.reserve(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  sized(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.raw(bytes);
  }

  /** What was written, which is then forgotten. */
  drain(): Buffer {
    const drained = Buffer.from(this.bytes.subarray(0, this.length));
    this.length = 0;
    return drained;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
