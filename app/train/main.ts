// The train and finetune commands as a process.

import { main } from "../cli.ts";
import { train } from "./command.ts";

if (import.meta.main) Deno.exit(await main(train, "finishing the step"));
