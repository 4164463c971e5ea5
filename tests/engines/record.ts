import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

// What each engine could do when it was last run, as files that the guide is made of. A run says what it found, and a run that
// finds something else than what is recorded fails: so that the guide is never wrong for long. MOULIN_ENGINES_RECORD=1 records.

const recordSchema = z.object({
  engine: z.string(),
  version: z.string(),
  /** When it was recorded. */
  date: z.string(),
  /** By check: on which storage it did it, or why it cannot. */
  checks: z.record(z.string(), z.string()),
  /** By fault and operation: what the engine says; the table is whole in every case, or the run fails. */
  faults: z.record(z.string(), z.string()),
});
export type EngineRecord = z.infer<typeof recordSchema>;

const FOLDER = new URL('./results/', import.meta.url);

export function recordOf(engine: string): EngineRecord | undefined {
  const path = fileURLToPath(new URL(`${fileNameOf(engine)}.json`, FOLDER));
  return existsSync(path) ? recordSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/** `found` is what this run looked at; what it did not is left as it was. */
export function settleRecord(
  engine: string,
  found: Partial<Pick<EngineRecord, 'checks' | 'faults'>> & { version: string },
): void {
  const before = recordOf(engine);
  const now: EngineRecord = {
    engine,
    version: found.version,
    date: before?.date ?? '',
    checks: { ...before?.checks, ...found.checks },
    faults: { ...before?.faults, ...found.faults },
  };
  if (process.env.MOULIN_ENGINES_RECORD !== '1') {
    const different = `${engine} did something else than what is recorded; MOULIN_ENGINES_RECORD=1 records it`;
    assert.deepEqual(now, before, different);
    return;
  }
  const recorded = { ...now, date: new Date().toISOString().slice(0, 10) };
  mkdirSync(FOLDER, { recursive: true });
  const path = fileURLToPath(new URL(`${fileNameOf(engine)}.json`, FOLDER));
  writeFileSync(path, `${JSON.stringify(recorded, null, 2)}\n`);
}

function fileNameOf(engine: string): string {
  return engine.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
