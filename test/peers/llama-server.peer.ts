import { llamaServer } from "./llama-server.ts";
import { testPeer } from "./suite.ts";

testPeer(llamaServer);
