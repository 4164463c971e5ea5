// Words and limits of the lake that pages need: without the schemas, and without the library that they are made with.

export const LAKE_ZONES = ['raw', 'curated', 'foreign'] as const;
/** What is done to keep a table well, on its own or when somebody asks. */
export const LAKE_CARE = ['expire', 'compact', 'orphans', 'manifests'] as const;
/** A file that is larger arrives in several requests: each of them has to be over within a minute. */
export const UPLOAD_PART_BYTES = 32 * 1024 * 1024;
