// What a Hub may answer: redirects, refusals, busy and broken answers, lists that lie; and who sees the token.

import assert from "node:assert/strict";
import { fetchFiles, listRepository } from "../../lib/hub/fetch_files.ts";
import { keptRepos, removeRepo, summarize, verify } from "../../lib/hub/manage.ts";
import { hubNameText, parseHubName } from "../../lib/hub/name.ts";
import type { FetchPlan, HubOptions } from "../../lib/hub/options.ts";
import { diskFolder } from "../../lib/io/disk_folder.ts";
import { inFolder } from "../app/run_command.ts";
import { etagOf, patterned, type ServedRepo, serveHub, TOKEN } from "./server.ts";

const COMMIT = "a".repeat(40);
const LARGE = patterned(1_500_000);

function repo(name: string, more: Partial<ServedRepo> = {}): ServedRepo {
  const files = { "a.txt": new TextEncoder().encode("a"), "sub/b.bin": LARGE, "c.txt": patterned(70_000) };
  return { kind: "model", repo: name, commit: COMMIT, files, ...more };
}

const NAME = parseHubName("hf:org/open");

Deno.test("names are read, written again, and refused where they lead elsewhere", () => {
  for (
    const text of [
      "hf:org/name",
      "hf:datasets/org/n.a_m-e@v1.0/x/y.hdf5",
      "hf:org/name@refs%2Fpr%2F7/a",
      "hf:o/n@b",
    ]
  ) {
    assert.equal(hubNameText(parseHubName(text)), text);
  }
  assert.deepEqual(
    parseHubName("hf://models/org/name@refs/pr/7/a"),
    parseHubName("hf:org/name@refs%2Fpr%2F7/a"),
  );
  for (
    const text of [
      ...[
        "hf:name",
        "hf:",
        "hf:../name",
        "hf:org/..",
        "hf:org/name@",
        "hf:org/name@../x",
        "hf:org/name@..%2Fx",
      ],
      ...[
        "hf:org/name/../x",
        "hf:org/name//x",
        "hf:org/name/a\\..\\b",
        "hf:org/name/C:x",
        "hf:a--b/c",
        "hf:org/n@%",
      ],
    ]
  ) {
    assert.throws(() => parseHubName(text), RangeError, text);
  }
});

Deno.test("the token goes to the Hub and to no host that it redirects to", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([repo("org/closed", { access: "token" })]);
    const name = parseHubName("hf:org/closed");
    const options = { endpoint: hub.endpoint, cache };
    await assert.rejects(fetchFiles(name, options), /HubError: .*answers 401, .*private: a token is wanted/);
    await assert.rejects(fetchFiles(name, { ...options, token: "other" }), /the token does not open it/);
    hub.requests.length = 0;
    await fetchFiles(name, { ...options, token: TOKEN });
    const to = (host: string) => hub.requests.filter((line) => line.startsWith(`${host} `));
    assert.ok(to("cdn").length > 0 && to("cdn").every((line) => line.endsWith(" -")), to("cdn").join("\n"));
    assert.ok(to("hub").every((line) => line.endsWith(` Bearer ${TOKEN}`)));
  });
});

Deno.test("what is gated, missing or renamed is said, or followed", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([
      repo("org/gated", { access: "gated" }),
      repo("org/old", { movedTo: "org/open" }),
      repo("org/open"),
    ]);
    const options = { endpoint: hub.endpoint, cache };
    const gated = parseHubName("hf:org/gated");
    await assert.rejects(
      fetchFiles(gated, options),
      /answers 401, its terms have to be accepted at http:.*a token/,
    );
    await assert.rejects(
      fetchFiles(gated, { ...options, token: TOKEN }),
      /answers 403, its terms have to be accepted/,
    );
    await assert.rejects(fetchFiles(parseHubName("hf:org/none"), options), /there is no such repository/);
    await assert.rejects(
      fetchFiles(parseHubName("hf:org/open@v9"), options),
      /404, there is no such revision/,
    );
    await assert.rejects(
      fetchFiles(parseHubName("hf:org/open/none"), options),
      /there is no such file at commit a{40}/,
    );
    const { folder, paths } = await fetchFiles(parseHubName("hf:org/old"), options);
    assert.equal(folder, `models--org--old/snapshots/${COMMIT}`);
    assert.equal(paths.length, 3);
    assert.equal(await Deno.readTextFile(`${cache}/${folder}/a.txt`), "a");
  });
});

Deno.test("a busy or broken Hub is asked again, when it says or later each time", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([repo("org/open")], { busy: [1, 0], down: 1 });
    const began = performance.now();
    const notes: string[] = [];
    await fetchFiles(NAME, { endpoint: hub.endpoint, cache, onNote: (text) => void notes.push(text) });
    assert.ok(performance.now() - began > 1000 + 500);
    assert.deepEqual(notes, ["the Hub is asked again in 1 s", "the Hub is asked again in 1 s"]);
    hub.faults.busy = [0, 0];
    await assert.rejects(
      fetchFiles(parseHubName("hf:org/open@x"), { endpoint: hub.endpoint, cache, attempts: 2 }),
      /answers 429, too many requests/,
    );
  });
});

Deno.test("a list with paths that leave the repository is refused, and nothing is written", async () => {
  for (const path of ["../evil", "/etc/evil", "a/../../evil", "C:\\evil", "a//b", "x\u0000"]) {
    await inFolder(async (cache) => {
      await using hub = serveHub([repo("org/open")], { extraPaths: [path] });
      await assert.rejects(
        fetchFiles(NAME, { endpoint: hub.endpoint, cache }),
        /^SyntaxError: .*names a file ".*", which leaves the repository$/,
      );
      assert.deepEqual([...Deno.readDirSync(cache)], []);
    });
  }
});

Deno.test("an answer of another file than the list's is refused", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([repo("org/open")]);
    const changed = (header: string, value: string): HubOptions => ({
      endpoint: hub.endpoint,
      cache,
      async fetch(input, init) {
        const response = await fetch(input, init);
        if (!String(input).includes("/resolve/")) return response;
        const headers = new Headers(response.headers);
        headers.set(header, value);
        const { status } = response;
        return new Response(response.body, { status, headers });
      },
    });
    const large = parseHubName("hf:org/open/sub/b.bin");
    const other = etagOf(patterned(9), true);
    await assert.rejects(
      fetchFiles(large, changed("x-linked-etag", `"${other}"`)),
      /its ETag is .*, the list says/,
    );
    await assert.rejects(
      fetchFiles(large, changed("x-linked-size", "7")),
      /it has 7 bytes, the list says 1500000/,
    );
    await assert.rejects(
      fetchFiles(large, changed("x-repo-commit", "b".repeat(40))),
      /it is of commit b+, wanted a+/,
    );
    await assert.rejects(
      fetchFiles(large, changed("location", "ftp://127.0.0.1/x")),
      /it redirects to "ftp:/,
    );
    // The file became shorter: ranges beyond its end are answered 416.
    const shorter: ServedRepo = {
      ...repo("org/open"),
      files: { "sub/b.bin": LARGE.subarray(0, 10) },
      large: 1,
    };
    await using other416 = serveHub([shorter]);
    const mixed: typeof fetch = (input, init) => {
      const url = new URL(String(input));
      if (url.pathname.includes("/resolve/")) url.port = new URL(other416.endpoint).port;
      return fetch(url, init);
    };
    await Deno.mkdir(`${cache}/models--org--open/blobs`, { recursive: true });
    const blob = `${cache}/models--org--open/blobs/${etagOf(LARGE, true)}`;
    await Deno.writeFile(`${blob}.ranges.incomplete`, LARGE.slice(0, 100));
    await Deno.writeTextFile(`${blob}.ranges`, "0 100\n");
    const options = { endpoint: hub.endpoint, cache };
    const inspected = fetchFiles(large, { ...options, fetch: mixed });
    await assert.rejects(inspected, /the list says/);
    const plain: typeof fetch = async (input, init) => {
      const response = await mixed(input, init);
      if (response.status !== 302) return response;
      return new Response(null, { status: 302, headers: { location: response.headers.get("location")! } });
    };
    await assert.rejects(fetchFiles(large, { ...options, fetch: plain }), /it has no bytes from 100 on/);
  });
});

Deno.test("without the Hub, kept files are used; what is not kept is said", async () => {
  await inFolder(async (cache) => {
    const options: HubOptions = { cache, attempts: 1 };
    let endpoint: string;
    {
      await using hub = serveHub([repo("org/open")]);
      endpoint = hub.endpoint;
      await fetchFiles(parseHubName("hf:org/open/sub"), { ...options, endpoint });
    }
    const notes: string[] = [];
    const away = { ...options, endpoint, onNote: (text: string) => void notes.push(text) };
    assert.deepEqual((await fetchFiles(NAME, away)).paths, ["sub/b.bin"]);
    assert.match(notes.join(), /the Hub is not reached, .*; files that are kept are used/);
    const offline = { ...options, endpoint, offline: true };
    assert.equal((await listRepository(NAME, offline)).fresh, false);
    await assert.rejects(
      fetchFiles(parseHubName("hf:org/open/a.txt"), offline),
      /"hf:org\/open\/a.txt": it is not kept/,
    );
    await assert.rejects(
      fetchFiles(parseHubName("hf:org/other"), offline),
      /requests are off and nothing of it is kept/,
    );
    await assert.rejects(fetchFiles(parseHubName("hf:org/other"), { ...away }), /the Hub is not reached/);
  });
});

Deno.test("admit() is told what is missing, once, and may refuse", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([repo("org/open")]);
    const plans: FetchPlan[] = [];
    let answer = false;
    const options: HubOptions = {
      endpoint: hub.endpoint,
      cache,
      admit(plan) {
        plans.push(plan);
        return answer;
      },
    };
    await assert.rejects(
      fetchFiles(NAME, options),
      /^RangeError: Fetching "hf:org\/open" was refused: it has 1570001/,
    );
    assert.equal(hub.sent(), 0);
    answer = true;
    await fetchFiles(NAME, options);
    await fetchFiles(NAME, options);
    assert.deepEqual(plans.map(({ name, bytes, files }) => [name, bytes, files.length]), [
      ["hf:org/open", 1_570_001, 3],
      ["hf:org/open", 1_570_001, 3],
    ]);
  });
});

Deno.test("kept repositories are listed, verified and removed", async () => {
  await inFolder(async (root) => {
    await using hub = serveHub([repo("org/open"), repo("org/set", { kind: "dataset" })]);
    const cache = diskFolder(root);
    const options = { endpoint: hub.endpoint, cache };
    await fetchFiles(NAME, options);
    await fetchFiles(parseHubName("hf:datasets/org/set/a.txt"), options);
    const model = { kind: "model", repo: "org/open" } as const;
    assert.deepEqual(await keptRepos(cache), [{ kind: "dataset", repo: "org/set" }, model]);
    const { bytes, snapshots, unfinished } = await summarize(cache, model);
    assert.deepEqual([bytes, [...snapshots], unfinished], [1_570_001, [[COMMIT, [
      "a.txt",
      "c.txt",
      "sub/b.bin",
    ]]], 0]);
    assert.deepEqual(await verify(cache, model), { right: 3, wrong: [], unknown: [] });
    // A bit that flips on the disk.
    const path = `${root}/models--org--open/blobs/${etagOf(LARGE, true)}`;
    const kept = await Deno.readFile(path);
    kept[777_777]! ^= 4;
    await Deno.writeFile(path, kept);
    assert.deepEqual(await verify(cache, model), { right: 2, wrong: [`${COMMIT}/sub/b.bin`], unknown: [] });
    await fetchFiles(NAME, options);
    assert.deepEqual(await verify(cache, model), { right: 3, wrong: [], unknown: [] });
    await removeRepo(cache, model);
    assert.deepEqual(await keptRepos(cache), [{ kind: "dataset", repo: "org/set" }]);
  });
});
