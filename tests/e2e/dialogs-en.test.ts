import { tourDialogs } from './support/tour.ts';

tourDialogs('en');
