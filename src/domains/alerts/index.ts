export { type AlertParts, type Alerts, openAlerts } from './open.ts';
export { type AlertRouteParts, alertHandlers } from './routes.ts';
export { countIncidents } from './store.ts';
