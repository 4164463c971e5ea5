import { createContext } from 'react';

/** The zone that times are shown in: the workspace's, and the browser's where there is no workspace. */
export const TimeZone = createContext(Intl.DateTimeFormat().resolvedOptions().timeZone);
