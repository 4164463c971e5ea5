export { type Manifests, openManifests } from './cache.ts';
export { type ListHead, readManifestList, UNASSIGNED, writeManifestList } from './list.ts';
export { type ManifestOf, readManifest } from './read.ts';
export { type ManifestHead, type NewEntry, type WrittenManifest, writeManifest } from './write.ts';
