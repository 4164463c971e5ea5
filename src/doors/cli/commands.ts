import type { Command } from 'commander';
import type { Context } from './command.ts';

interface CommandFile {
  register(program: Command, context: Context): void;
}

export interface CommandLine {
  name: string;
  /** Plural of a noun. */
  alias?: string;
  summary: string;
  load(): Promise<CommandFile>;
}

/** Every command, with the file that knows it. Only the one that is called is loaded; `--help` loads none. */
export const COMMANDS: readonly CommandLine[] = [
  { name: 'start', summary: 'Start Moulin here', load: () => import('./start.ts') },
  { name: 'stop', summary: 'Stop it', load: () => import('./stop.ts') },
  { name: 'status', summary: 'Whether it runs, where, and how it is', load: () => import('./status.ts') },
  {
    name: 'server',
    summary: 'Serve pages and API alone, on a PostgreSQL of your own',
    load: () => import('./server.ts'),
  },
  {
    name: 'worker',
    alias: 'workers',
    summary: 'Run tasks on this machine; or list and drain the workers',
    load: () => import('./worker.ts'),
  },
  {
    name: 'service',
    alias: 'services',
    summary: 'Start it with this account (systemd, launchd)',
    load: () => import('./service.ts'),
  },
  { name: 'login', summary: 'Sign in to a server with a token', load: () => import('./login.ts') },
  { name: 'logout', summary: 'Forget a sign-in', load: () => import('./logout.ts') },
  { name: 'user', alias: 'users', summary: 'People with an account', load: () => import('./user.ts') },
  { name: 'token', alias: 'tokens', summary: 'API tokens', load: () => import('./token.ts') },
  { name: 'workspace', alias: 'workspaces', summary: 'Workspaces', load: () => import('./workspace.ts') },
  { name: 'member', alias: 'members', summary: 'Members of a workspace', load: () => import('./member.ts') },
  {
    name: 'invitation',
    alias: 'invitations',
    summary: 'Invitations that wait',
    load: () => import('./invitation.ts'),
  },
  {
    name: 'service-account',
    alias: 'service-accounts',
    summary: 'Accounts for programs',
    load: () => import('./service-account.ts'),
  },
  {
    name: 'session',
    alias: 'sessions',
    summary: 'Where you are signed in',
    load: () => import('./session.ts'),
  },
  { name: 'secret', alias: 'secrets', summary: 'Secrets of a workspace', load: () => import('./secret.ts') },
  {
    name: 'schedule',
    alias: 'schedules',
    summary: 'When which tasks run',
    load: () => import('./schedule.ts'),
  },
  { name: 'run', alias: 'runs', summary: 'Work that was started', load: () => import('./run.ts') },
  { name: 'lake', alias: 'lakes', summary: 'The lake as a whole', load: () => import('./lake.ts') },
  { name: 'table', alias: 'tables', summary: 'Tables of the lake', load: () => import('./table.ts') },
  {
    name: 'namespace',
    alias: 'namespaces',
    summary: 'What tables of the lake stand in',
    load: () => import('./namespace.ts'),
  },
  {
    name: 'catalog',
    alias: 'catalogs',
    summary: 'Iceberg catalogs of others',
    load: () => import('./catalog.ts'),
  },
  {
    name: 'incident',
    alias: 'incidents',
    summary: 'What went wrong, until it is well again',
    load: () => import('./incident.ts'),
  },
  {
    name: 'webhook',
    alias: 'webhooks',
    summary: 'Who is told of incidents',
    load: () => import('./webhook.ts'),
  },
  { name: 'audit', summary: 'What was changed, by whom', load: () => import('./audit.ts') },
  { name: 'backup', summary: 'Save the whole installation in one file', load: () => import('./backup.ts') },
  {
    name: 'restore',
    summary: 'Bring a backup back into an empty installation',
    load: () => import('./restore.ts'),
  },
  {
    name: 'keys',
    alias: 'key',
    summary: 'The key that protects the secrets',
    load: () => import('./keys.ts'),
  },
  {
    name: 'config',
    summary: 'All settings and where their values come from',
    load: () => import('./config.ts'),
  },
  { name: 'doctor', summary: 'Check this machine and say how to fix it', load: () => import('./doctor.ts') },
  {
    name: 'uninstall',
    summary: 'Say what it keeps on this machine, and remove it',
    load: () => import('./uninstall.ts'),
  },
  { name: 'completion', summary: 'Completion for bash, zsh or fish', load: () => import('./completion.ts') },
  { name: 'version', summary: 'Versions', load: () => import('./version.ts') },
];
