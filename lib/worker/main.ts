// The script of a worker: answers whoever started it. Does nothing where it is no worker.

import { ownEndpoint } from "./endpoint.ts";
import { METHODS } from "./methods.ts";
import { serve } from "./server.ts";

const endpoint = ownEndpoint();
if (endpoint) serve(endpoint, METHODS);
