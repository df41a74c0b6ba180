// The inspect command as a process.

import { main } from "../cli.ts";
import { inspect } from "./command.ts";

if (import.meta.main) Deno.exit(await main(inspect));
