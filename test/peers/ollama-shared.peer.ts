import { ollama } from "./ollama.ts";
import { testShared } from "./shared.ts";

testShared(ollama);
