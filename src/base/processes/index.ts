export { type BackOff, type BackOffOptions, backOff } from './back-off.ts';
export {
  HAS_PROC,
  membersOf,
  type ProcessFacts,
  processesMarked,
  readProcess,
  readProcesses,
  signalGroup,
} from './group.ts';
export { type Guard, type GuardOptions, startGuard } from './guard.ts';
