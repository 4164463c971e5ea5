import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from '@mantine/core';
import type { Plugin } from 'vite';
import { cssVariables, theme } from '../src/theme.ts';

const ID = 'virtual:theme-variables.css';
type Variables = Record<string, string>;

/**
 * Mantine writes its theme's variables into a <style> element at run time, which a content security policy without
 * 'unsafe-inline' refuses. They only depend on the theme, so they become part of the style sheet at build time.
 */
export function themeVariables(): Plugin {
  return {
    name: 'moulin:theme-variables',
    resolveId: id => (id === ID ? `\0${ID}` : null),
    load: id => (id === `\0${ID}` ? themeVariablesCss() : null),
  };
}

/** Only what differs from Mantine's own style sheet, which already holds the defaults. */
export function themeVariablesCss(): string {
  const ours = mergeMantineTheme(DEFAULT_THEME, theme);
  const defaults = defaultCssVariablesResolver(DEFAULT_THEME);
  const derived = defaultCssVariablesResolver(ours);
  const chosen = cssVariables(ours);
  return convertCssVariables({
    variables: different({ ...derived.variables, ...chosen.variables }, defaults.variables),
    light: different({ ...derived.light, ...chosen.light }, defaults.light),
    dark: different({ ...derived.dark, ...chosen.dark }, defaults.dark),
  });
}

function different(variables: Variables, defaults: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name, value]) => defaults[name] !== value));
}
