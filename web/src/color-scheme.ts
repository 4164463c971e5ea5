import type { MantineColorScheme, MantineColorSchemeManager } from '@mantine/core';
import { rememberedScheme, rememberScheme, type Scheme } from './preferences.ts';

export const toMantine = (scheme: Scheme): MantineColorScheme => (scheme === 'system' ? 'auto' : scheme);
export const fromMantine = (scheme: MantineColorScheme): Scheme => (scheme === 'auto' ? 'system' : scheme);

let stopListening = () => {};

/** Keeps the theme where `first-paint.ts` looks for it, and follows a change made in another tab. */
export const schemeManager: MantineColorSchemeManager = {
  get: () => toMantine(rememberedScheme()),
  set: scheme => rememberScheme(fromMantine(scheme)),
  subscribe(onUpdate) {
    const heard = (event: StorageEvent) => {
      if (event.key === 'moulin.theme') onUpdate(toMantine(rememberedScheme()));
    };
    window.addEventListener('storage', heard);
    stopListening = () => window.removeEventListener('storage', heard);
  },
  unsubscribe: () => stopListening(),
  clear: () => rememberScheme('system'),
};
