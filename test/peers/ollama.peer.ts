import { ollama } from "./ollama.ts";
import { testPeer } from "./suite.ts";

testPeer(ollama);
