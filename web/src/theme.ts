import {
  createTheme,
  type MantineColorsTuple,
  type MantineTheme,
  type VariantColorsResolver,
} from '@mantine/core';

/**
 * The look for Mantine's components. Every value is a token of `styles/tokens.css`; only the two neutral scales are
 * spelled out, because Mantine's style sheet reaches into them by number (`gray-*` in light, `dark-*` in dark).
 */
const flour: MantineColorsTuple = [
  '#f7f4ee',
  '#f4f1ea',
  '#ece7dd',
  '#e6e0d5',
  '#cfc7b8',
  '#8f8576',
  '#6f6659',
  '#5a5247',
  '#3b352c',
  '#211d17',
];
const night: MantineColorsTuple = [
  '#eee9e1',
  '#d6cfc4',
  '#b9b0a3',
  '#9a9083',
  '#4a433a',
  '#332e28',
  '#1e1b18',
  '#161412',
  '#131110',
  '#0e0d0b',
];
const token = (name: string): MantineColorsTuple => {
  const shade = `var(--${name})`;
  return [shade, shade, shade, shade, shade, shade, shade, shade, shade, shade];
};

/** Three things a control can be: what acts, what destroys, and everything else. */
const variants: VariantColorsResolver = ({ variant, color }) => {
  const tone = color === 'bad' ? 'bad' : 'accent';
  const text = tone === 'bad' ? 'var(--bad)' : 'var(--accent-text)';
  const none = '1px solid transparent';
  switch (variant) {
    case 'filled':
      return {
        background: `var(--${tone})`,
        hover: `var(--${tone}-hover)`,
        color: `var(--${tone}-ink)`,
        border: none,
      };
    case 'light':
      return { background: `var(--${tone}-soft)`, hover: `var(--${tone}-soft)`, color: text, border: none };
    case 'default':
      return {
        background: 'var(--surface)',
        hover: 'var(--hover)',
        color: tone === 'bad' ? text : 'var(--ink)',
        border: '1px solid var(--line-strong)',
      };
    case 'subtle':
      return {
        background: 'transparent',
        hover: 'var(--hover)',
        color: tone === 'bad' ? text : 'var(--ink-2)',
        border: none,
      };
    default:
      return { background: 'transparent', hover: 'transparent', color: text, border: none };
  }
};

/** Mantine's own lock on scrolling writes a <style> element, which the content security policy refuses; `global.css` does it. */
const dialog = {
  lockScroll: false,
  transitionProps: { duration: 140 },
  overlayProps: { color: 'var(--veil)' },
};
const field = { size: 'xs' };

export const theme = createTheme({
  colors: { accent: token('accent'), bad: token('bad'), gray: flour, dark: night },
  primaryColor: 'accent',
  primaryShade: 6,
  variantColorResolver: variants,
  white: '#fff',
  black: '#211d17',
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  respectReducedMotion: true,
  cursorType: 'pointer',
  fontSizes: {
    xs: 'var(--text)',
    sm: 'var(--text)',
    md: 'var(--text)',
    lg: 'var(--text-section)',
    xl: 'var(--text-title)',
  },
  lineHeights: {
    xs: 'var(--text-line)',
    sm: 'var(--text-line)',
    md: 'var(--text-line)',
    lg: 'var(--text-line)',
    xl: 'var(--text-title-line)',
  },
  fontWeights: { regular: '450', medium: '550', bold: '600' },
  spacing: {
    xs: 'var(--space-2)',
    sm: 'var(--space-3)',
    md: 'var(--space-4)',
    lg: 'var(--space-5)',
    xl: 'var(--space-8)',
  },
  radius: {
    xs: '3px',
    sm: 'var(--radius)',
    md: 'var(--radius)',
    lg: 'var(--radius-card)',
    xl: 'var(--radius-card)',
  },
  defaultRadius: 'sm',
  shadows: {
    xs: 'none',
    sm: 'var(--shadow)',
    md: 'var(--shadow)',
    lg: 'var(--shadow)',
    xl: 'var(--shadow)',
  },
  headings: { fontFamily: 'var(--sans)', fontWeight: '620' },
  components: {
    Button: { defaultProps: { size: 'xs', variant: 'default' } },
    ActionIcon: { defaultProps: { size: 30, variant: 'subtle' } },
    TextInput: { defaultProps: field },
    PasswordInput: { defaultProps: field },
    NumberInput: { defaultProps: field },
    Textarea: { defaultProps: field },
    Select: { defaultProps: { ...field, checkIconPosition: 'right' } },
    MultiSelect: { defaultProps: field },
    Checkbox: { defaultProps: field },
    Radio: { defaultProps: field },
    Switch: { defaultProps: field },
    SegmentedControl: { defaultProps: field },
    Modal: {
      defaultProps: {
        ...dialog,
        centered: true,
        radius: 'lg',
        padding: 'lg',
        // A <header> outside of any section would be a second banner of the page.
        attributes: { header: { role: 'presentation' } },
      },
    },
    Drawer: { defaultProps: dialog },
    Menu: {
      defaultProps: {
        position: 'bottom-end',
        shadow: 'md',
        transitionProps: { duration: 120 },
        // An empty element that takes the focus and has no place among the items of a menu.
        withInitialFocusPlaceholder: false,
      },
    },
    Tooltip: {
      defaultProps: {
        openDelay: 350,
        transitionProps: { duration: 120 },
        events: { hover: true, focus: true, touch: true },
      },
    },
    Skeleton: { defaultProps: { radius: 'xs' } },
  },
});

type Resolved = {
  variables: Record<string, string>;
  light: Record<string, string>;
  dark: Record<string, string>;
};

/** What Mantine calls by names of its own. The same in both themes: the tokens behind them change. */
export function cssVariables(_theme: MantineTheme): Resolved {
  const both = {
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-bright': 'var(--ink)',
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-dimmed': 'var(--ink-3)',
    '--mantine-color-placeholder': 'var(--ink-3)',
    '--mantine-color-anchor': 'var(--accent-text)',
    '--mantine-color-error': 'var(--bad)',
    '--mantine-color-success': 'var(--ok)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--ink)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-disabled': 'var(--sunken)',
    '--mantine-color-disabled-color': 'var(--ink-3)',
    '--mantine-color-disabled-border': 'var(--line)',
    '--mantine-primary-color-contrast': 'var(--accent-ink)',
    ...tone('accent'),
    ...tone('bad'),
  };
  return { variables: {}, light: both, dark: both };
}

function tone(name: 'accent' | 'bad'): Record<string, string> {
  const text = name === 'bad' ? 'var(--bad)' : 'var(--accent-text)';
  return {
    [`--mantine-color-${name}-filled`]: `var(--${name})`,
    [`--mantine-color-${name}-filled-hover`]: `var(--${name}-hover)`,
    [`--mantine-color-${name}-light`]: `var(--${name}-soft)`,
    [`--mantine-color-${name}-light-hover`]: `var(--${name}-soft)`,
    [`--mantine-color-${name}-light-color`]: text,
    [`--mantine-color-${name}-text`]: text,
    [`--mantine-color-${name}-outline`]: `var(--${name})`,
    [`--mantine-color-${name}-outline-hover`]: `var(--${name}-soft)`,
  };
}
