// Fetches a name as a process of its own, for tests that end it or run two: `ENDPOINT CACHE NAME`. Runs in Node, too.

import process from "node:process";
import { fetchFiles } from "../../lib/hub/fetch_files.ts";
import { parseHubName } from "../../lib/hub/name.ts";

const [endpoint, cache, name] = process.argv.slice(2);
await fetchFiles(parseHubName(name!), { endpoint: endpoint!, cache: cache! });
