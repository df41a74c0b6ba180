// The fetch command as a process.

import { main } from "../cli.ts";
import { fetchCommand } from "./command.ts";

if (import.meta.main) Deno.exit(await main(fetchCommand, "keeping what was fetched"));
