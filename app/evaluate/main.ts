// The evaluate command as a process.

import { main } from "../cli.ts";
import { evaluate } from "./command.ts";

if (import.meta.main) Deno.exit(await main(evaluate));
