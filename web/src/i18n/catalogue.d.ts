import type common from './en/common.json';
import type design from './en/design.json';
import type home from './en/home.json';
import type signIn from './en/sign_in.json';

// English is the catalogue that the compiler knows: a key that is not in it does not compile. i18n.test.ts keeps French equal.
declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    returnNull: false;
    resources: {
      common: typeof common;
      home: typeof home;
      design: typeof design;
      sign_in: typeof signIn;
    };
  }
}
