import { llamaCppPython } from "./llama-cpp-python.ts";
import { testPeer } from "./suite.ts";

testPeer(llamaCppPython);
