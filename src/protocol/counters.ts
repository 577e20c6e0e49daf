/** What a kernel has counted in one network namespace, since that namespace began. */
export type Counters = Counted & {
  /** The namespace, as the kernel names it: "net:[4026531833]". */
  namespace: string;
  /** All interfaces but loopback. */
  interfaces: string[];
  receivedBytes: number;
};

export type Counted = {
  /** Frames that left by an interface other than loopback, and their bytes; hardware addresses are asked for in some. */
  frames: number;
  sentBytes: number;
  /** IP datagrams that were sent by any interface, and their bytes. */
  requests: number;
  octets: number;
  /** Of those, what went over loopback, with 14 bytes more each. */
  loFrames: number;
  loBytes: number;
  /** Datagrams that the kernel sends of itself over IPv6: neighbours, routers, groups. */
  chatter: number;
  /** TCP segments that were sent once more. */
  resent: number;
};
