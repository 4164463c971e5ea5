import { z } from 'zod';
import type { S3Options } from '../../../base/storage/index.ts';

// What a worker tells the runner of a task about the lake, beside its input.

/** How a runner reaches the storage. Keys come apart, as secrets, and are covered wherever they show. */
export type StorageSettings = { kind: 'folder'; folder: string } | { kind: 's3'; options: S3Options };

export interface Given {
  workspace_id: string;
  root: string;
  storage: StorageSettings;
  /** The folders of the table: of a file elsewhere a runner neither reads nor writes anything. */
  own: string[];
  /** In the names of all files that this attempt writes. */
  attempt: string;
  /** As it was when the attempt began; null: it is to be made. */
  table: { id: string; metadata: string; metadata_location: string } | null;
  /** The place of a table that is to be made. */
  create: { id: string; location: string } | null;
}

export function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && 'storage' in value && 'attempt' in value;
}

/** Of an attempt of a task, in all that it writes; what is more in a name comes after a dash. Found again in the names of the files that it wrote. */
export function attemptName(task_id: string, attempt: number): string {
  return `${task_id}-${attempt}`;
}

const NAME = /(?:^|[/-])([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}-\d{1,6})(?=[-.])/;

export function attemptIn(location: string): string | undefined {
  return NAME.exec(location.slice(location.lastIndexOf('/')))?.[1];
}

const SECRET_KEY = 'storage.secret_key';
const SESSION_TOKEN = 'storage.session_token';

/** The settings without their secrets, and those. */
export function splitSecrets(settings: StorageSettings): {
  storage: StorageSettings;
  secrets: Record<string, string>;
} {
  if (settings.kind === 'folder' || settings.options.credentials === 'aws_chain')
    return { storage: settings, secrets: {} };
  const { credentials } = settings.options;
  const { secret_key, session_token } = credentials;
  return {
    storage: {
      kind: 's3',
      options: { ...settings.options, credentials: { ...credentials, secret_key: '', session_token: null } },
    },
    secrets: {
      [SECRET_KEY]: secret_key,
      ...(session_token !== null && { [SESSION_TOKEN]: session_token }),
    },
  };
}

export function joinSecrets(
  settings: StorageSettings,
  secrets: Readonly<Record<string, string>>,
): StorageSettings {
  if (settings.kind === 'folder' || settings.options.credentials === 'aws_chain') return settings;
  const { credentials } = settings.options;
  const kept = { secret_key: secrets[SECRET_KEY] ?? '', session_token: secrets[SESSION_TOKEN] ?? null };
  return { kind: 's3', options: { ...settings.options, credentials: { ...credentials, ...kept } } };
}

export const tableFacts = z.object({
  rows: z.number().int().min(0),
  files: z.number().int().min(0),
  bytes: z.number().int().min(0),
});
