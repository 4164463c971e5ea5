import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import { type AnswerOptions, addAnswer, alone, type Context } from './command.ts';
import { readProfiles, withoutProfile, writeProfiles } from './profiles.ts';
import { ownFolder } from './settings.ts';

export function register(program: Command, context: Context): void {
  addAnswer(program, 'logout', 'Forget a sign-in; the token itself stays valid until it is revoked')
    .option('--profile <name>', 'which one; the current one unless said')
    .action(
      alone<AnswerOptions & { profile?: string }>(context, async ({ options, answer }) => {
        const folder = ownFolder(context.terminal.env);
        const profiles = readProfiles(folder);
        const name = options.profile ?? profiles.current ?? 'default';
        if (!Object.hasOwn(profiles.profiles, name)) throw fail('cli.no_profile', { profile: name });
        writeProfiles(folder, withoutProfile(profiles, name));
        await answer.object({ profile: name, forgotten: true }, [
          ['profile', one => one.profile],
          ['forgotten', one => one.forgotten],
        ]);
      }),
    );
}
