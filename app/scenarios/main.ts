// The scenarios command as a process.

import { main } from "../cli.ts";
import { scenarios } from "./command.ts";

if (import.meta.main) Deno.exit(await main(scenarios));
