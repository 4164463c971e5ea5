import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

// Engines that run on Java: a JDK of the machine that is of a version they run on, and what Maven's repository has of them. Where
// that repository is, Maven's own settings say.

const run = promisify(execFile);

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get';
/** Where packages of systems and of Homebrew, sdkman and installers put them. */
const PLACES = [
  '/usr/lib/jvm/*',
  '/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home',
  '/Library/Java/JavaVirtualMachines/*/Contents/Home',
  `${process.env.HOME ?? ''}/.sdkman/candidates/java/*`,
];

/** The home of a JDK of one of these versions, the first of them that is there: of `JAVA_HOME`, `JAVA_HOME_25` or its usual place. */
export function findJdk(versions: readonly number[]): string | undefined {
  const homes = [...Object.entries(process.env).flatMap(homeIn), ...globSync(PLACES).sort()];
  return versions.map(version => homes.find(home => versionOf(home) === version)).find(Boolean);
}

function homeIn([name, value]: [string, string | undefined]): string[] {
  return value && /^JAVA_HOME(_|$)/.test(name) ? [value] : [];
}

/** Every JDK since 9 says what it is in a file. */
function versionOf(home: string): number | undefined {
  const path = join(home, 'release');
  if (!existsSync(path) || !existsSync(join(home, 'bin', 'java'))) return undefined;
  const [, major] = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(path, 'utf8')) ?? [];
  return major === undefined ? undefined : Number(major);
}

/** `group:name:version:type`, without what it depends on, into the folder; answers the file. */
export async function obtainMaven(artifact: string, folder: string): Promise<string> {
  // A repository for this alone: a server of 800 MB need not stay in the user's own one as well.
  const repository = join(folder, '.maven');
  mkdirSync(repository, { recursive: true });
  const args = ['-B', '-q', `-Dmaven.repo.local=${repository}`, PLUGIN];
  await run('mvn', [...args, `-Dartifact=${artifact}`, '-Dtransitive=false'], {
    maxBuffer: 64 * 1024 ** 2,
  }).catch(error => {
    throw error.code === 'ENOENT'
      ? new Error('install Maven (mvn): what runs on Java comes from its repository')
      : new Error(`${artifact} could not be obtained: ${String(error.stdout || error.message).slice(-600)}`);
  });
  const [group = '', name = '', version = '', type = 'jar'] = artifact.split(':');
  const file = join(repository, ...group.split('.'), name, version, `${name}-${version}.${type}`);
  const to = join(folder, basename(file));
  renameSync(file, to);
  rmSync(repository, { recursive: true });
  return to;
}
