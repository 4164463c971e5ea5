import { tourDialogs } from './support/tour.ts';

tourDialogs('fr');
