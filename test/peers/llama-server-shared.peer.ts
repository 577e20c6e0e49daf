import { llamaServer } from "./llama-server.ts";
import { testShared } from "./shared.ts";

testShared(llamaServer);
