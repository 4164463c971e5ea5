import { parentPort, workerData } from 'node:worker_threads';
import { type Selection, selectLines } from './select.ts';

// The other side of `search.ts`: a thread that knows one expression, and may be ended in the middle of it.

const search = new RegExp(String(workerData));
parentPort?.on('message', (wanted: Selection) => parentPort?.postMessage(selectLines(wanted, search)));
parentPort?.postMessage('ready');
