import { mlx } from "./mlx.ts";
import { testPeer } from "./suite.ts";

testPeer(mlx);
