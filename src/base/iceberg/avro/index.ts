export { Cursor, corruptAvro } from './bytes.ts';
export {
  type AvroRecord,
  type AvroValue,
  eachElement,
  isRecord,
  type Read,
  readerOf,
  type Skip,
  skipperOf,
} from './codec.ts';
export {
  type AvroBlock,
  type AvroCodec,
  type AvroFile,
  type AvroHead,
  openAvro,
  readAvro,
  readBlock,
  writeAvro,
} from './container.ts';
export { type AvroField, type AvroJson, type AvroType, withoutNull } from './schema.ts';
