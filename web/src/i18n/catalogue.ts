import type access from './en/access.json';
import type account from './en/account.json';
import type alerts from './en/alerts.json';
import type api_docs from './en/api_docs.json';
import type common from './en/common.json';
import type design from './en/design.json';
import type home from './en/home.json';
import type instance from './en/instance.json';
import type lake from './en/lake.json';
import type runs from './en/runs.json';
import type schedules from './en/schedules.json';
import type settings from './en/settings.json';
import type sign_in from './en/sign_in.json';
import type workers from './en/workers.json';

/** One entry per file of `en/`: a key that is not in it does not compile. i18n.test.ts keeps French equal. */
export interface Catalogue {
  access: typeof access;
  account: typeof account;
  alerts: typeof alerts;
  api_docs: typeof api_docs;
  common: typeof common;
  design: typeof design;
  home: typeof home;
  instance: typeof instance;
  lake: typeof lake;
  runs: typeof runs;
  schedules: typeof schedules;
  settings: typeof settings;
  sign_in: typeof sign_in;
  workers: typeof workers;
}

/** Texts that the server says in English itself, and that only the other languages hold: its errors, its API, its settings. */
export const SERVER_TEXTS = ['errors', 'api_texts', 'config'] as const;

export type Namespace = keyof Catalogue | (typeof SERVER_TEXTS)[number];
