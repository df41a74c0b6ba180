// The plan command as a process.

import { main } from "../cli.ts";
import { plan } from "./command.ts";

if (import.meta.main) Deno.exit(await main(plan));
