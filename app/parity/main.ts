// The parity command as a process.

import { main } from "../cli.ts";
import { parity } from "./command.ts";

if (import.meta.main) Deno.exit(await main(parity));
