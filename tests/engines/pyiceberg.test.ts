import { pyiceberg } from './pyiceberg.ts';
import { testEngine } from './run.ts';

testEngine(pyiceberg);
