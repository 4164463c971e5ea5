import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedConfig } from '../../base/kit/config.ts';
import { fail } from '../../base/kit/errors.ts';
import { createRedactor, type Redactor } from '../../base/kit/redact.ts';
import type { System } from '../../contract/system.ts';
import type { Context } from './command.ts';
import type { Finding } from './doctor-checks.ts';
import { localKeyProvider } from './local-key.ts';
import { readProfiles } from './profiles.ts';
import { ownFolder } from './settings.ts';

const TAIL_BYTES = 256 * 1024;
const MOST_LOGS = 20;

interface Material {
  context: Context;
  findings: readonly Finding[];
  resolved: ResolvedConfig | undefined;
  system: System | undefined;
}

/**
 * One JSON file that a person can read before sending it. Logs are covered when they are written; everything goes through a
 * redactor once more that knows what this machine can know: settings, keys, saved sign-ins.
 */
export async function writeBundle(path: string, material: Material): Promise<void> {
  const { context, findings, resolved, system } = material;
  const redactor = await redactorFor(context, resolved);
  const bundle = {
    made_at: new Date().toISOString(),
    moulin: context.host.version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    findings,
    config: resolved?.entries ?? [],
    system: system ?? null,
    logs: resolved ? await readLogs(join(resolved.config.data, 'logs')) : {},
  };
  const text = `${JSON.stringify(redactor.redactValue(bundle), null, 2)}\n`;
  try {
    await writeFile(path, text, { mode: 0o600 });
  } catch (error) {
    throw fail('cli.output_failed', { path, reason: reasonOf(error) }, { cause: error });
  }
}

async function redactorFor({ terminal }: Context, resolved: ResolvedConfig | undefined): Promise<Redactor> {
  const redactor = createRedactor();
  const folder = ownFolder(terminal.env);
  for (const profile of Object.values(readProfiles(folder).profiles)) redactor.pin(profile.token);
  if (terminal.env.MOULIN_TOKEN) redactor.pin(terminal.env.MOULIN_TOKEN);
  if (!resolved) return redactor;
  for (const secret of resolved.secrets) redactor.pin(secret);
  redactor.pin(await readOrNothing(join(resolved.config.data, 'run', 'local.token')));
  // Reading the keys is what tells the redactor; that they are missing is one of the findings.
  const provider = optional(() => localKeyProvider(resolved, folder, redactor));
  await provider?.ids().catch(() => []);
  return redactor;
}

async function readLogs(folder: string): Promise<Record<string, string[]>> {
  const names = (await readdir(folder).catch(() => [])).sort().slice(0, MOST_LOGS);
  const tails = await Promise.all(names.map(async name => [name, await readTail(join(folder, name))]));
  return Object.fromEntries(tails);
}

async function readTail(path: string): Promise<string[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
    // The first line was probably cut.
    return lines.slice(from === 0 ? 0 : 1).filter(line => line !== '');
  } catch {
    // Compressed by now, removed by rotation, or not ours to read: the other logs still help.
    return [];
  } finally {
    await file.close();
  }
}

async function readOrNothing(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

function optional<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
