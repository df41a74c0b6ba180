// Downloads: what breaks off goes on, what is wrong is found, what does not fit is said, whoever takes part.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bundle } from "../../app/web/bundle.ts";
import { fetchFiles } from "../../lib/hub/fetch_files.ts";
import { parseHubName } from "../../lib/hub/name.ts";
import type { HubOptions } from "../../lib/hub/options.ts";
import { diskFolder } from "../../lib/io/disk_folder.ts";
import { DiskFullError, type Folder } from "../../lib/io/folder.ts";
import { inRepository } from "../shared.ts";
import { etagOf, patterned, type ServedHub, type ServedRepo, serveHub } from "./server.ts";

const COMMIT = "c".repeat(40);
const SIZE = 20_000_003;
const LARGE = patterned(SIZE);
const REPO: ServedRepo = {
  kind: "model",
  repo: "org/name",
  commit: COMMIT,
  files: { "large.bin": LARGE, "notes/small.txt": new TextEncoder().encode("small") },
};
const LARGE_NAME = parseHubName("hf:org/name/large.bin");
const BLOB = `models--org--name/blobs/${etagOf(LARGE, true)}`;
const SNAPSHOT = `models--org--name/snapshots/${COMMIT}`;

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

/** Names in the folder of blobs, sorted. */
function blobs(cache: string): string[] {
  return [...Deno.readDirSync(`${cache}/models--org--name/blobs`)].map(({ name }) => name).sort();
}

async function isWhole(cache: string): Promise<void> {
  assert.equal(await sha256(`${cache}/${SNAPSHOT}/large.bin`), etagOf(LARGE, true));
  assert.equal(await Deno.readLink(`${cache}/${SNAPSHOT}/large.bin`), `../../blobs/${etagOf(LARGE, true)}`);
  assert.deepEqual(blobs(cache), [etagOf(LARGE, true)]);
}

const child = (hub: ServedHub, cache: string) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-read",
      "--allow-write",
      "--allow-net=127.0.0.1",
      inRepository("tests/hub/fetch_child.ts"),
      hub.endpoint,
      cache,
      "hf:org/name/large.bin",
    ],
    stderr: "piped",
  }).spawn();

Deno.test("fetchFiles() keeps files in the layout that Python shares", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO]);
    const steps: number[] = [];
    const options: HubOptions = {
      endpoint: hub.endpoint,
      cache,
      onProgress: ({ done }) => void steps.push(done),
    };
    const { folder, paths } = await fetchFiles(parseHubName("hf:org/name"), options);
    assert.deepEqual([folder, paths], [SNAPSHOT, ["large.bin", "notes/small.txt"]]);
    assert.equal(await Deno.readTextFile(`${cache}/models--org--name/refs/main`), COMMIT);
    assert.equal(await Deno.readTextFile(`${cache}/${SNAPSHOT}/notes/small.txt`), "small");
    const small = etagOf(REPO.files["notes/small.txt"]!, false);
    assert.equal(await Deno.readLink(`${cache}/${SNAPSHOT}/notes/small.txt`), `../../../blobs/${small}`);
    assert.equal(await sha256(`${cache}/${SNAPSHOT}/large.bin`), etagOf(LARGE, true));
    assert.ok(steps.length > 10 && steps.includes(SIZE));
    // Twice costs two requests and no bytes.
    const [sent, before] = [hub.sent(), hub.requests.length];
    await fetchFiles(parseHubName("hf:org/name/large.bin"), options);
    assert.equal(hub.sent(), sent);
    assert.ok(hub.requests.slice(before).every((line) => line.startsWith("hub GET /api/")));
    // A file of a commit costs none.
    const after = hub.requests.length;
    await fetchFiles(parseHubName(`hf:org/name@${COMMIT}/large.bin`), options);
    assert.equal(hub.requests.length, after);
  });
});

Deno.test("a download that is cut at 20 places goes on from where each connection ended", async () => {
  await inFolder(async (cache) => {
    const cut = [...patterned(80)].slice(0, 20).map((byte) => 1 + byte * 4001);
    await using hub = serveHub([REPO], { cut });
    await fetchFiles(LARGE_NAME, { endpoint: hub.endpoint, cache });
    assert.equal(hub.faults.cut.length, 0);
    await isWhole(cache);
    // What a cut connection brought is not fetched again; a chunk may be lost with it.
    assert.ok(hub.sent() <= SIZE + 20 * 2 ** 17, `${hub.sent()} bytes were sent`);
  });
});

Deno.test("a process that is killed (SIGKILL) leaves what it fetched to the next", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO], { slow: 1 });
    for (const limit of [3_000_000, 9_000_000, 14_000_000]) {
      const running = child(hub, cache);
      await new Promise<void>((resolve) => hub.faults.onSent = (sent) => sent >= limit && resolve());
      running.kill("SIGKILL");
      await running.output();
      assert.ok(!blobs(cache).includes(etagOf(LARGE, true)));
    }
    hub.faults.onSent = () => {};
    assert.ok((await child(hub, cache).output()).success);
    await isWhole(cache);
    // Each of 4 connections may lose what it had not written: 1 MiB, and what was under way.
    assert.ok(hub.sent() < SIZE + 3 * 4 * (1.5 * 2 ** 20), `${hub.sent()} bytes were sent`);
  });
});

Deno.test("two processes that want the same file fetch it once", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO], { slow: 1 });
    const both = await Promise.all([child(hub, cache).output(), child(hub, cache).output()]);
    for (const { success, stderr } of both) assert.ok(success, new TextDecoder().decode(stderr));
    await isWhole(cache);
    assert.equal(hub.sent(), SIZE);
  });
});

Deno.test("where links are not allowed, the file itself lies in the snapshot", () =>
  inFolder(async (cache) => {
    await using hub = serveHub([REPO]);
    const rights = [
      `--allow-read=${cache}`,
      `--allow-write=${cache}`,
      "--allow-net=127.0.0.1",
      "--no-prompt",
    ];
    for (let times = 0; times < 2; times++) {
      const args = [
        "run",
        ...rights,
        inRepository("tests/hub/fetch_child.ts"),
        hub.endpoint,
        cache,
        "hf:org/name",
      ];
      const { success, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    }
    assert.ok((await Deno.lstat(`${cache}/${SNAPSHOT}/large.bin`)).isFile);
    assert.equal(await sha256(`${cache}/${SNAPSHOT}/large.bin`), etagOf(LARGE, true));
    assert.deepEqual(blobs(cache), []);
    assert.equal(hub.sent(), SIZE + 5);
  }));

/** Whether there is a Node that runs what is bundled. */
const NODE = await new Deno.Command("node", { args: ["--version"], stdout: "null" }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "in Node, too, two processes fetch a file once, and one that dies gives up its lock",
  ignore: !NODE,
  fn: () =>
    inFolder(async (folder) => {
      const script = `${folder}/fetch.mjs`;
      await Deno.writeFile(script, await bundle(inRepository("tests/hub/fetch_child.ts")));
      await using hub = serveHub([REPO], { slow: 1 });
      const cache = `${folder}/hub`;
      const run = () => {
        const args = [script, hub.endpoint, cache, "hf:org/name/large.bin"];
        return new Deno.Command("node", { args, stderr: "piped" }).spawn();
      };
      const killed = run();
      await new Promise<void>((resolve) => hub.faults.onSent = (sent) => sent >= 5_000_000 && resolve());
      killed.kill("SIGKILL");
      await killed.output();
      hub.faults.onSent = () => {};
      // Its lock is a file that no one renews.
      const lock = `${cache}/.locks/models--org--name/${etagOf(LARGE, true)}.lock.held`;
      await Deno.utime(lock, 0, 0);
      for (const { success, stderr } of await Promise.all([run().output(), run().output()])) {
        assert.ok(success, new TextDecoder().decode(stderr));
      }
      await isWhole(cache);
      assert.ok(hub.sent() < SIZE + 4 * (1.5 * 2 ** 20), `${hub.sent()} bytes were sent`);
      assert.equal(await Deno.stat(lock).catch(() => null), null);
    }),
});

Deno.test("a wrong byte is found, named and removed; the next fetch brings the right one", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO], { wrongByte: 12_345_678 });
    const options = { endpoint: hub.endpoint, cache };
    await assert.rejects(
      fetchFiles(LARGE_NAME, options),
      /^HubError: Cannot keep "large\.bin" of "hf:org\/name": its checksum is [0-9a-f]{64}, the Hub lists [0-9a-f]{64}; /,
    );
    assert.deepEqual(blobs(cache), []);
    hub.faults.wrongByte = -1;
    await fetchFiles(LARGE_NAME, options);
    await isWhole(cache);
  });
});

Deno.test("bytes that an earlier process left wrong cost one more download", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO]);
    const blob = `${cache}/${BLOB}`;
    await Deno.mkdir(`${cache}/models--org--name/blobs`, { recursive: true });
    await Deno.writeFile(`${blob}.ranges.incomplete`, new Uint8Array(5_000_000));
    await Deno.writeTextFile(`${blob}.ranges`, "0 1048576\n1048576 5000000\n70000000 80000000\n4000");
    const notes: string[] = [];
    await fetchFiles(LARGE_NAME, { endpoint: hub.endpoint, cache, onNote: (text) => void notes.push(text) });
    await isWhole(cache);
    assert.match(notes.join(), /once more from its start/);
    assert.equal(hub.sent(), 2 * SIZE - 5_000_000);
  });
});

Deno.test("a server that ignores ranges gives the file in one piece", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO], { wholeOnly: true });
    await fetchFiles(LARGE_NAME, { endpoint: hub.endpoint, cache });
    await isWhole(cache);
  });
});

/** A folder in which only so many bytes find room. */
function small(folder: Folder, room: number, says: number | null): Folder {
  return {
    ...folder,
    free: () => Promise.resolve(says),
    async open(path) {
      const file = await folder.open(path);
      return {
        ...file,
        async write(offset, bytes) {
          if (offset + bytes.length > room) {
            throw new DiskFullError(`Cannot write "${path}": the disk is full`);
          }
          await file.write(offset, bytes);
        },
      };
    },
  };
}

Deno.test("a disk without room is said before anything is fetched; one that fills up leaves what is kept", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO]);
    const { endpoint } = hub;
    await fetchFiles(parseHubName("hf:org/name/notes"), { endpoint, cache });
    const sent = hub.sent();
    await assert.rejects(
      fetchFiles(LARGE_NAME, { endpoint, cache: small(diskFolder(cache), SIZE, 1_000_000) }),
      /^DiskFullError: .*20000003 bytes are missing, ".*" has room for 1000000$/,
    );
    assert.equal(hub.sent(), sent);
    await assert.rejects(
      fetchFiles(LARGE_NAME, { endpoint, cache: small(diskFolder(cache), 6_000_000, null) }),
      /^DiskFullError: Cannot write ".*": the disk is full$/,
    );
    assert.equal(await Deno.readTextFile(`${cache}/${SNAPSHOT}/notes/small.txt`), "small");
    // With room it goes on from there.
    await fetchFiles(LARGE_NAME, { endpoint, cache });
    assert.equal(await sha256(`${cache}/${SNAPSHOT}/large.bin`), etagOf(LARGE, true));
    assert.ok(hub.sent() < sent + 1.9 * SIZE);
  });
});

Deno.test("an aborted download rejects with the signal's reason and keeps what came", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([REPO], { slow: 1 });
    const abort = new AbortController();
    hub.faults.onSent = (sent) => sent > 9_000_000 && abort.abort(new Error("enough"));
    await assert.rejects(
      fetchFiles(LARGE_NAME, { endpoint: hub.endpoint, cache, signal: abort.signal }),
      /enough/,
    );
    const before = hub.sent();
    hub.faults.onSent = () => {};
    await fetchFiles(LARGE_NAME, { endpoint: hub.endpoint, cache });
    await isWhole(cache);
    assert.ok(hub.sent() - before < SIZE - 3_000_000);
  });
});
