// The doctor command as a process.

import { main } from "../cli.ts";
import { doctor } from "./command.ts";

if (import.meta.main) Deno.exit(await main(doctor));
