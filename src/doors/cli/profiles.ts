import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../base/kit/errors.ts';

const profileSchema = z.object({
  url: z.string(),
  token: z.string(),
  workspace: z.string().optional(),
});
export type Profile = z.infer<typeof profileSchema>;

const profilesSchema = z.object({
  /** The one that commands use when none is named. */
  current: z.string().nullable(),
  profiles: z.record(z.string(), profileSchema),
});
export type Profiles = z.infer<typeof profilesSchema>;

const NONE: Profiles = { current: null, profiles: {} };

export function profilesFile(folder: string): string {
  return join(folder, 'profiles.json');
}

export function readProfiles(folder: string): Profiles {
  const path = profilesFile(folder);
  try {
    return profilesSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NONE;
    throw fail('cli.profiles_unreadable', { path }, { cause: error });
  }
}

/** Tokens are in it: for its owner only, and never half-written. */
export function writeProfiles(folder: string, profiles: Profiles): void {
  const path = profilesFile(folder);
  const beside = `${path}.${process.pid}.new`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(beside, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, path);
}

export function withProfile(all: Profiles, name: string, profile: Profile): Profiles {
  return { current: name, profiles: { ...all.profiles, [name]: profile } };
}

export function withoutProfile(all: Profiles, name: string): Profiles {
  const { [name]: _gone, ...profiles } = all.profiles;
  return { current: all.current === name ? null : all.current, profiles };
}
