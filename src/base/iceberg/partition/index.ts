export { type EvolvedSpec, evolveSpec, type SpecBase, type SpecChange } from './evolve.ts';
export { murmur3 } from './murmur3.ts';
export { partitionPath, partitionTypes } from './path.ts';
export { type Transform, type TransformKind, transform } from './transform.ts';
