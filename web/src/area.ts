import type { QueryClient } from '@tanstack/react-query';
import type { ComponentType, ReactNode } from 'react';
import type { Permission } from '../../src/contract/permissions.ts';
import type { ApiOutput } from './api.ts';
import type { Catalogue, Namespace } from './i18n/catalogue.ts';

// What an area of the product brings to the shell, as data. `areas.ts` lists them; everything that shows pages
// (navigation, router, palette, keyboard map, tests) reads that list.

export type PageTitle = keyof Catalogue['common']['pages'];
/** What begins every address of the page: a workspace, one's account, the installation. */
type Scope = '/w/$workspace' | '/account' | '/instance' | '';

export interface Page {
  /** Its name in the title of the tab, navigation, palette: a key of `common:pages`. */
  title: PageTitle;
  path: `${Scope}${string}`;
  load: () => Promise<{ default: () => ReactNode }>;
  /** Texts it needs beside `common`. */
  texts?: readonly Namespace[];
  /** Without it the page says who could give it, and nothing leads there. */
  needs?: Permission;
  /** `g` then this letter leads here. */
  key?: string;
  /** Anybody may open it, signed in or not. */
  open?: true;
  /** Only by its address: the address has parameters of its own, or nobody needs to find it. */
  unlisted?: true;
}

/** Something that the palette can find by name. */
export interface Found {
  id: string;
  label: string;
  detail?: string;
  to: string;
}

export interface Finder {
  /** A key of `common:palette`: the heading over what it finds. */
  group: 'members' | 'workspaces' | 'tables';
  needs?: Permission;
  find: (search: string, context: FindContext) => Promise<Found[]>;
}

export interface FindContext {
  queries: QueryClient;
  workspace: string | undefined;
}

/** A part of Home. It shows itself when there is something to show. */
export interface HomeCard {
  id: string;
  needs?: Permission;
  /** `wide` takes the main column. */
  place: 'wide' | 'side';
  load: () => Promise<{ default: () => ReactNode }>;
}

export interface Area {
  /** Where it stands in the navigation; `none` keeps it out. */
  group: 'work' | 'administration' | 'none';
  icon?: ComponentType<{ size?: number; 'aria-hidden'?: 'true' }>;
  /** Its name where it has several pages; otherwise its page's. A key of `common:pages`. */
  title?: PageTitle;
  /** Its pages get a navigation of their own beside them. */
  sections?: true;
  /** The first one that may be opened is where the navigation leads. */
  pages: readonly Page[];
  cards?: readonly HomeCard[];
  steps?: readonly Step[];
  finders?: readonly Finder[];
  /** Beginnings of event types → beginnings of route names whose answers are stale then. */
  stale?: Readonly<Record<string, readonly string[]>>;
}

/** What the first page knows of the workspace. */
export interface Known {
  overview: ApiOutput<'workspace.overview'>;
  runs: ApiOutput<'runs.summary'>;
}

/** A line of the checklist of a new workspace. Its state is the product's, not a tick that somebody forgot. */
export interface Step {
  /** `home:steps.<id>` holds its words. */
  id: keyof Catalogue['home']['steps'];
  needs?: Permission;
  /** From what the first page asks for anyway: a step has no request of its own. Left out where nothing tells. */
  isDone?: (known: Known) => boolean;
  /** The page on which it is done, */
  to?: string;
  /** or the command. */
  command?: string;
}
