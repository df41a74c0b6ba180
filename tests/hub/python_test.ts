// Python's huggingface_hub and this library on one cache and one Hub, both ways. HUB_PYTHON names an interpreter that
// has the package; without it these are reported as ignored.

import assert from "node:assert/strict";
import { fetchFiles } from "../../lib/hub/fetch_files.ts";
import { summarize, verify } from "../../lib/hub/manage.ts";
import { parseHubName } from "../../lib/hub/name.ts";
import { diskFolder } from "../../lib/io/disk_folder.ts";
import { patterned, type ServedRepo, serveHub } from "./server.ts";

const PYTHON = Deno.env.get("HUB_PYTHON");
const COMMIT = "d".repeat(40);

const REPO: ServedRepo = {
  kind: "dataset",
  repo: "org/name",
  commit: COMMIT,
  files: {
    "README.md": new TextEncoder().encode("# Data"),
    "data/train/large.hdf5": patterned(3_000_001),
    "data/train/small.hdf5": patterned(1000),
    "empty.txt": new Uint8Array(0),
  },
};

/** Runs Python on a home folder; standard output's lines. */
async function python(code: string, home: string, endpoint: string, offline = false): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(PYTHON!, {
    args: ["-c", code],
    env: {
      HF_HOME: home,
      HF_ENDPOINT: endpoint,
      HF_HUB_OFFLINE: offline ? "1" : "0",
      HF_HUB_DISABLE_XET: "1",
      HF_HUB_DISABLE_TELEMETRY: "1",
      HF_HUB_DISABLE_UPDATE_CHECK: "1",
    },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n");
}

function pythonTest(name: string, run: (home: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore: PYTHON === undefined,
    async fn() {
      const home = await Deno.makeTempDir();
      try {
        await run(home);
      } finally {
        await Deno.remove(home, { recursive: true });
      }
    },
  });
}

pythonTest("Python reads what this library keeps, offline and without fetching again", async (home) => {
  await using hub = serveHub([REPO]);
  await fetchFiles(parseHubName("hf:datasets/org/name"), { endpoint: hub.endpoint, cache: `${home}/hub` });
  const sent = hub.sent();
  const code = `
from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download
kind = dict(repo_id="org/name", repo_type="dataset")
print(open(hf_hub_download(filename="README.md", **kind)).read())
print(len(open(hf_hub_download(filename="data/train/large.hdf5", **kind), "rb").read()))
print(snapshot_download(**kind))
info = scan_cache_dir()
print(len(info.warnings), [(r.repo_id, r.repo_type, r.nb_files, sorted(r.refs)) for r in info.repos])`;
  for (const offline of [true, false]) {
    const [readme, size, snapshot, scan] = await python(code, home, hub.endpoint, offline);
    assert.deepEqual([readme, size], ["# Data", "3000001"]);
    assert.equal(snapshot, `${home}/hub/datasets--org--name/snapshots/${COMMIT}`);
    assert.equal(scan, "0 [('org/name', 'dataset', 4, ['main'])]");
  }
  assert.equal(hub.sent(), sent);
});

pythonTest("this library reads what Python keeps, offline and without fetching again", async (home) => {
  await using hub = serveHub([REPO]);
  const code = `
from huggingface_hub import snapshot_download
print(snapshot_download("org/name", repo_type="dataset"))`;
  await python(code, home, hub.endpoint);
  const sent = hub.sent();
  const name = parseHubName("hf:datasets/org/name");
  const cache = `${home}/hub`;
  for (const offline of [true, false]) {
    const { folder, paths } = await fetchFiles(name, { endpoint: hub.endpoint, cache, offline });
    assert.deepEqual(paths.toSorted(), Object.keys(REPO.files).toSorted());
    for (const path of paths) {
      assert.deepEqual(await Deno.readFile(`${cache}/${folder}/${path}`), new Uint8Array(REPO.files[path]!));
    }
  }
  assert.equal(hub.sent(), sent);
  const { right, wrong, unknown } = await verify(diskFolder(cache), name);
  assert.deepEqual([right, wrong, unknown], [4, [], []]);
  assert.equal((await summarize(diskFolder(cache), name)).unfinished, 0);
});

pythonTest("both take the same lock", async (home) => {
  const path = ".locks/datasets--org--name/abc.lock";
  const release = await diskFolder(home).lock(path);
  const code = `
from filelock import FileLock, Timeout
try:
    with FileLock("${home}/${path}", timeout=0.2): print("free")
except Timeout: print("held")`;
  assert.deepEqual(await python(code, home, "http://127.0.0.1:1"), ["held"]);
  await release();
  assert.deepEqual(await python(code, home, "http://127.0.0.1:1"), ["free"]);
});
