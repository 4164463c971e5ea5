/** Where this installation's program is, and which one it is. */
export interface Place {
  /** The clone, or the folder of the installed package. */
  package_folder: string;
  /** Node and compiled code, shared by all Moulin folders of this account. */
  cache_folder: string;
  /** Of Moulin. */
  version: string;
}
