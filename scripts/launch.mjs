// What stands between `npm start` on a bare machine and Moulin: the packages, the web pages and a Node that is new
// enough. Plain JavaScript that imports nothing but Node, for it runs before anything is installed, and on Node 18:
// no syntax and no function that came later.
import { launchOrSayWhy } from './launch/tasks.mjs';

await launchOrSayWhy(process.argv.slice(2));
