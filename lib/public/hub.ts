/**
 * Networks and data from a Hub: names that begin with `hf:`, files that are kept in the layout of Python's
 * huggingface_hub. `loadModel` and `openData` take such names too; this is for those who fetch, verify or remove.
 *
 * @example What a name means
 * ```ts
 * import assert from "node:assert/strict";
 * import { isHubName, parseHubName } from "walrus/hub";
 *
 * assert.ok(isHubName("hf:org/name"));
 * const { kind, repo, revision, path } = parseHubName("hf:datasets/org/name@v2/train/a.hdf5");
 * assert.deepEqual([kind, repo, revision, path], ["dataset", "org/name", "v2", "train/a.hdf5"]);
 * ```
 *
 * @module
 */

export { HubError } from "../hub/client.ts";
export { fetchFile, fetchFiles, type ListedFile, type Listing, listRepository } from "../hub/fetch_files.ts";
export {
  type KeptRepo,
  keptRepos,
  type KeptSummary,
  removeRepo,
  summarize,
  type Verification,
  verify,
} from "../hub/manage.ts";
export { fetchModel, type KeptModel, type ModelFiles, modelFiles } from "../hub/model.ts";
export {
  type HubName,
  hubNameText,
  isBareName,
  isHubName,
  isSafePath,
  parseHubName,
  type RepoKind,
} from "../hub/name.ts";
export { cacheOf, endpointOf, type FetchPlan, type FetchProgress, type HubOptions } from "../hub/options.ts";
export { diskFolder } from "../io/disk_folder.ts";
export { DiskFullError, type Folder, type PathInfo, type PositionedFile } from "../io/folder.ts";
