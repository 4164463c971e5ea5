import type access from './en/access.json';
import type account from './en/account.json';
import type common from './en/common.json';
import type design from './en/design.json';
import type home from './en/home.json';
import type instance from './en/instance.json';
import type settings from './en/settings.json';
import type sign_in from './en/sign_in.json';

/** One entry per file of `en/`: a key that is not in it does not compile. i18n.test.ts keeps French equal. */
export interface Catalogue {
  access: typeof access;
  account: typeof account;
  common: typeof common;
  design: typeof design;
  home: typeof home;
  instance: typeof instance;
  settings: typeof settings;
  sign_in: typeof sign_in;
}

export type Namespace = keyof Catalogue;
