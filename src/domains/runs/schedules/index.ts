export { followZone } from './follow-zone.ts';
export { type Duty, openLeader } from './leader.ts';
export { type ScheduleParts, scheduleHandlers } from './routes.ts';
export { tick } from './tick.ts';
