import { Argument, type Command } from 'commander';
import type { Context } from './command.ts';
import { completionScript, type Place, SHELLS, type Shell } from './completion-script.ts';
import { write } from './terminal.ts';

export function register(program: Command, context: Context): void {
  program
    .command('completion')
    .summary('Completion for bash, zsh or fish')
    .description('Prints a script that completes commands and options.')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText(
      'after',
      '\nbash, zsh: add to ~/.bashrc or ~/.zshrc   source <(moulin completion bash)\nfish: moulin completion fish > ~/.config/fish/completions/moulin.fish\n',
    )
    .action(async (shell: Shell) => {
      const whole = await context.wholeProgram();
      await write(context.terminal.stdout, completionScript(shell, placesOf(whole, [''])));
    });
}

function placesOf(command: Command, paths: readonly string[]): Place[] {
  const commands = command.commands.filter(child => child.name() !== 'help');
  const names = commands.map(child => child.name());
  const options = command.options.filter(option => !option.hidden).map(option => option.long ?? option.flags);
  const place = { paths, words: [...names, ...options, '--help'] };
  const below = commands.flatMap(child => {
    const own = [child.name(), ...child.aliases()];
    return placesOf(
      child,
      paths.flatMap(path => own.map(name => `${path} ${name}`.trim())),
    );
  });
  return [place, ...below];
}
