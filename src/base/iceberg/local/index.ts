export { type FolderTable, fileTable, folderTable } from './catalog.ts';
export { type EngineOptions, type LocalEngine, localEngine } from './engine.ts';
export { localFiles } from './files.ts';
export { type LakeOptions, type LocalLake, openLake } from './lake.ts';
export { fileLocation, filePath } from './location.ts';
