export { openFolderStorage } from './folder.ts';
export type { ListedObject, ListOptions, ListPage, Storage } from './storage.ts';
