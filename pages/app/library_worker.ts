// The library's worker as a script of the app: opens data, reads weights, computes.

import "walrus/worker";
