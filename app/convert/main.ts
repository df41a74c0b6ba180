// The convert command as a process.

import { main } from "../cli.ts";
import { convert } from "./command.ts";

if (import.meta.main) Deno.exit(await main(convert, "ends at once; what is finished is kept"));
