export { lowerBound, upperBound } from './bounds.ts';
export { type Day, dayOf, daysOf } from './calendar.ts';
export { parseDuck } from './duck.ts';
export { compareStrings, compareValues } from './order.ts';
export { showValue } from './show.ts';
export { decodeValue, encodeValue } from './single.ts';
