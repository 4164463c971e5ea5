import type { ApiInput, ApiOutput } from '../../api.ts';

export type Webhook = NonNullable<ApiOutput<'webhook.show'>['webhook']>;
type Put = NonNullable<ApiInput<'webhook.put'>['body']>;

export const FORMATS: readonly Webhook['format'][] = ['json', 'slack', 'teams', 'mattermost'];
export const KINDS: readonly Webhook['on_kinds'][number][] = ['failed', 'lost', 'late', 'recovered'];

export type WebhookValues = {
  enabled: boolean;
  format: string;
  /** What is typed; what is saved is never read back. */
  url: string;
  signing_secret: string;
  /** Take the one away that is saved. */
  unsigned: boolean;
  on_kinds: string[];
};

export function valuesOf(webhook: Webhook | null): WebhookValues {
  return {
    enabled: webhook?.enabled ?? true,
    format: webhook?.format ?? 'json',
    url: '',
    signing_secret: '',
    unsigned: false,
    on_kinds: [...(webhook?.on_kinds ?? KINDS)],
  };
}

/** What is left empty stays as it is. */
export function bodyOf({ url, signing_secret, unsigned, ...values }: WebhookValues): Put {
  return {
    enabled: values.enabled,
    format: values.format as Webhook['format'],
    on_kinds: values.on_kinds as Webhook['on_kinds'],
    ...(url.trim() !== '' && { url: url.trim() }),
    ...(signing_secret !== '' && { signing_secret }),
    ...(unsigned && signing_secret === '' && { signing_secret: null }),
  };
}
