// The stats command as a process.

import { main } from "../cli.ts";
import { stats } from "./command.ts";

if (import.meta.main) Deno.exit(await main(stats));
