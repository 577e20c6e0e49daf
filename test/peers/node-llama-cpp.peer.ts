import { nodeLlamaCpp } from "./node-llama-cpp.ts";
import { testPeer } from "./suite.ts";

testPeer(nodeLlamaCpp);
