import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { type Delivery, WEBHOOK_FORMATS, WEBHOOK_KINDS, type webhookSchema } from '../../contract/alerts.ts';
import {
  addClient,
  addNoun,
  askSecret,
  type ClientOptions,
  type Context,
  confirm,
  connected,
} from './command.ts';
import { given, limitOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

type Webhook = z.infer<typeof webhookSchema>;

const columns: readonly Column<Webhook>[] = [
  ['address', webhook => webhook.shown_url],
  ['format', webhook => webhook.format],
  ['enabled', webhook => webhook.enabled],
  ['tells', webhook => webhook.on_kinds],
  ['signed', webhook => webhook.has_signing_secret],
  ['updated', webhook => shortTime(webhook.updated_at)],
];

const deliveryColumns: readonly Column<Delivery>[] = [
  ['kind', delivery => delivery.kind],
  ['state', delivery => delivery.state],
  ['attempts', delivery => delivery.attempts],
  ['status', delivery => delivery.status],
  ['error', delivery => delivery.error],
  ['made', delivery => shortTime(delivery.created_at)],
  ['id', delivery => delivery.id],
];

interface SetOptions extends ClientOptions {
  for?: Webhook['format'];
  on?: Webhook['on_kinds'];
  off?: boolean;
  keepAddress?: boolean;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'webhook', 'Who is told of incidents');

  addClient(noun, 'show', 'Where the workspace is told of incidents').action(
    connected<ClientOptions>(context, async ({ client, answer }) => {
      const { webhook } = await client['webhook.show']();
      await answer.list(webhook ? [webhook] : [], columns);
    }),
  );

  addClient(
    noun,
    'add',
    'Set the webhook; its address is a secret: it is asked for, or read from standard input',
  )
    .alias('edit')
    .addOption(new Option('--for <product>', 'who reads it').choices(WEBHOOK_FORMATS))
    .addOption(new Option('--on <kind...>', 'what is told').choices(WEBHOOK_KINDS))
    .option('--keep-address', 'leave the address as it is')
    .option('--off', 'switch it off')
    .action(
      connected<SetOptions>(context, async ({ client, options, answer }) => {
        const { webhook } = await client['webhook.show']();
        const url = options.keepAddress ? undefined : await askSecret(context, 'Address of the webhook');
        const { for: format, on: on_kinds } = options;
        const before = webhook && { format: webhook.format, on_kinds: webhook.on_kinds };
        const body = { ...before, ...given({ url, format, on_kinds }), enabled: options.off !== true };
        await answer.object(await client['webhook.put']({ body }), columns);
      }),
    );

  addClient(noun, 'test', 'Send a test now and say what came back').action(
    connected<ClientOptions>(context, async ({ client, answer }) => {
      const delivery = await client['webhook.test']();
      await answer.object(delivery, deliveryColumns);
      if (delivery.state !== 'delivered') context.exit('failure');
    }),
  );

  addClient(noun, 'deliveries', 'What was sent, newest first')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        const page = (query: object) => client['webhook.deliveries']({ query: { ...query } });
        await showList(answer, options.limit, page, deliveryColumns);
      }),
    );

  addClient(noun, 'delete', 'Tell nobody any more')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }>(context, async ({ client, options, answer }) => {
        await confirm(context, options.yes, 'Delete the webhook of this workspace?');
        await client['webhook.delete']();
        await answer.remark('The webhook is deleted.');
      }),
    );
}
