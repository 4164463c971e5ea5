// The steps of a commit, by name. A test ends the process at each of them and looks at what is left: the table is the old one or the
// new one, nothing that it refers to is missing, and what was left over is found.

export const MOMENTS = [
  /** Where files may come to lie is recorded; there is none yet. */
  'prefix_recorded',
  /** The new metadata is made, and nowhere yet. */
  'metadata_made',
  /** Its file is written, and may be lost in a power cut. */
  'metadata_written',
  'metadata_sealed',
  /** In the transaction, after the pointers were moved and before that is true. */
  'pointers_moved',
  /** It is true, and nobody has been told. */
  'committed',
] as const;
export type Moment = (typeof MOMENTS)[number];
