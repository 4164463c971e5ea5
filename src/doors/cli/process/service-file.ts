import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** What a service manager has to know to start Moulin the way a person would. */
export interface ServicePlan {
  /** `moulin`, or a name that the operator chose for a second folder. */
  name: string;
  /** Program and words; the first is an absolute path. */
  command: readonly string[];
  working_folder: string;
  data: string;
  /** npm and Node are found here when an upgrade needs them. */
  path: string;
}

export type Manager = 'systemd' | 'launchd';

export function managerOf(platform: NodeJS.Platform): Manager | undefined {
  if (platform === 'linux') return 'systemd';
  return platform === 'darwin' ? 'launchd' : undefined;
}

export function serviceFilePath(manager: Manager, name: string, home: string, config_home?: string): string {
  if (manager === 'launchd') return join(home, 'Library', 'LaunchAgents', `${labelOf(name)}.plist`);
  return join(config_home || join(home, '.config'), 'systemd', 'user', `${name}.service`);
}

/** launchd's name of it. */
export function labelOf(name: string): string {
  return `dev.moulin.${name}`;
}

/** In the file itself, so that another folder's service is recognised and left alone. */
export function markOf(data: string): string {
  return `moulin-data-folder ${createHash('sha256').update(data).digest('hex').slice(0, 16)}`;
}

/** Moulin ends itself within 10 s; only what is left after that is killed. */
const STOP_SECONDS = 20;

export function systemdUnit(plan: ServicePlan): string {
  return `# ${markOf(plan.data)}
[Unit]
Description=Moulin for ${unitText(plan.data)}
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
ExecStart=${plan.command.map(word => unitWord(word)).join(' ')}
WorkingDirectory=${unitText(plan.working_folder)}
Environment=${unitWord(`PATH=${plan.path}`, false)}
Restart=on-failure
RestartSec=5
TimeoutStopSec=${STOP_SECONDS}
KillMode=mixed
UMask=0077

[Install]
WantedBy=default.target
`;
}

/** systemd expands `%` everywhere, `$` in commands only. */
function unitText(text: string): string {
  return text.replaceAll('%', '%%').replaceAll('\n', ' ');
}

function unitWord(word: string, is_command = true): string {
  const escaped = unitText(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${is_command ? escaped.replaceAll('$', '$$$$') : escaped}"`;
}

export function launchdPlist(plan: ServicePlan): string {
  const log = join(plan.data, 'logs', 'console.log');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- ${markOf(plan.data)} -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${xmlText(labelOf(plan.name))}</string>
  <key>ProgramArguments</key>
  <array>
${plan.command.map(word => `    <string>${xmlText(word)}</string>`).join('\n')}
  </array>
  <key>WorkingDirectory</key><string>${xmlText(plan.working_folder)}</string>
  <key>EnvironmentVariables</key>
  <dict><key>PATH</key><string>${xmlText(plan.path)}</string></dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key>
  <dict><key>SuccessfulExit</key><false/></dict>
  <key>ExitTimeOut</key><integer>${STOP_SECONDS}</integer>
  <key>StandardOutPath</key><string>${xmlText(log)}</string>
  <key>StandardErrorPath</key><string>${xmlText(log)}</string>
</dict>
</plist>
`;
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
