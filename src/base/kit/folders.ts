import { join } from 'node:path';

interface Machine {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  /** The home folder of the user. */
  home: string;
}

/** Each installation has a key of its own, so that a copied data folder finds its own and no other's. */
export function keyFile(config_folder: string, instance_id: string): string {
  return join(config_folder, 'keys', `${instance_id}.key`);
}

/** Beside it: what the application's password on a PostgreSQL of the user's own is derived from, where the user has none. */
export function storeSecretFile(config_folder: string, instance_id: string): string {
  return join(config_folder, 'keys', `${instance_id}.store`);
}

/** Where this user's programs keep what belongs to the user: keys and sign-ins, never data. */
export function userConfigFolder({ platform, env, home }: Machine): string {
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), 'moulin');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'moulin');
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'moulin');
}
