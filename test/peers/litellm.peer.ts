import { litellm } from "./litellm.ts";
import { testPeer } from "./suite.ts";

testPeer(litellm);
