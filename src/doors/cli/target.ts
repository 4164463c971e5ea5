import type { Profile, Profiles } from './profiles.ts';

/** Which installation a command talks to, and as whom. */
export type Target =
  | { kind: 'remote'; url: string; token: string | undefined; workspace: string | undefined; said_by: string }
  | { kind: 'local'; workspace: string | undefined };

export interface TargetOptions {
  url?: string | undefined;
  data?: string | undefined;
  profile?: string | undefined;
  workspace?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What is said on this command line wins over variables, those over the profile that `moulin login` left; without any of them
 * it is the data folder. Returns the name of a profile that is not there instead of guessing another.
 */
export function chooseTarget(
  options: TargetOptions,
  env: Env,
  profiles: Profiles,
): Target | { unknown: string } {
  const workspace = options.workspace ?? (env.MOULIN_WORKSPACE || undefined);
  const local: Target = { kind: 'local', workspace };
  if (options.url !== undefined) return remote(options.url, '--url');
  if (options.data !== undefined) return local;
  if (options.profile !== undefined) return named(options.profile, '--profile');
  if (env.MOULIN_URL) return remote(env.MOULIN_URL, 'MOULIN_URL');
  if (env.MOULIN_DATA) return local;
  if (env.MOULIN_PROFILE) return named(env.MOULIN_PROFILE, 'MOULIN_PROFILE');
  return profiles.current === null ? local : named(profiles.current, 'moulin login');

  function remote(url: string, said_by: string): Target {
    return { kind: 'remote', url, token: env.MOULIN_TOKEN || undefined, workspace, said_by };
  }

  function named(name: string, said_by: string): Target | { unknown: string } {
    const profile: Profile | undefined = Object.hasOwn(profiles.profiles, name)
      ? profiles.profiles[name]
      : undefined;
    if (!profile) return { unknown: name };
    const { url, token } = profile;
    return { kind: 'remote', url, token, workspace: workspace ?? profile.workspace, said_by };
  }
}
