import { type AddressInfo, createServer } from "node:net";

/** A port of the loopback that nobody has now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo; // it listens on a port, so it is no socket's path
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
