import { tourPages } from './support/tour.ts';

tourPages('fr');
