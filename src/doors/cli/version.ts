import type { Command } from 'commander';
import { type AnswerOptions, addAnswer, alone, type Context } from './command.ts';

export function register(program: Command, context: Context): void {
  addAnswer(program, 'version', 'Versions of Moulin and of what it runs on').action(
    alone<AnswerOptions>(context, async ({ answer }) => {
      const { platform, arch, version: node } = process;
      const versions = { moulin: context.host.version, node: node.slice(1), platform: `${platform}-${arch}` };
      await answer.object(versions, [
        ['moulin', one => one.moulin],
        ['node', one => one.node],
        ['platform', one => one.platform],
      ]);
    }),
  );
}
