/**
 * The system calls that the filter speaks of, with their numbers by architecture: `[x86_64, arm64]`,
 * `undefined` where an architecture has no such call. Calls from 424 on have the same number
 * everywhere. Sources: Linux `arch/x86/entry/syscalls/syscall_64.tbl` and
 * `include/uapi/asm-generic/unistd.h`.
 */
export type Architecture = "x64" | "arm64";

type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

/**
 * The last call of Linux 6.10. What came later was not looked at and answers ENOSYS; so do x32 calls,
 * which are numbered from 2^30 on and would walk around a filter that compares numbers.
 */
export const LAST_KNOWN_SYSCALL = 462;

export const numberOn = (arch: Architecture, [x64, arm64]: Numbers) =>
  arch === "x64" ? x64 : arm64;

/** Calls whose arguments decide. */
export const INSPECTED = {
  socket: [41, 198],
  socketpair: [53, 199],
  clone: [56, 220],
  clone3: [435, 435],
  ioctl: [16, 29],
  setsockopt: [54, 208],
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  mknod: [133, undefined],
  mknodat: [259, 33],
  creat: [85, undefined],
  open: [2, undefined],
  openat: [257, 56],
  openat2: [437, 437],
} satisfies Record<string, Numbers>;

/** Calls that a program which edits and builds files never needs. */
export const REFUSED = {
  // Talking to whoever listens outside.
  connect: [42, 203],

  // Mounts, roots and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],

  // Other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],

  // Memory that belongs to no process, so that no limit counts it.
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  semget: [64, 190],
  msgget: [68, 186],
  mq_open: [240, 180],

  // Large or seldom used parts of the kernel, known for their holes; of the first the whole machine has a
  // fixed number, which other programs would lack.
  io_setup: [206, 0],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  fanotify_init: [300, 262],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  lookup_dcookie: [212, 18],
  personality: [135, 92],
  modify_ldt: [154, undefined],
  uselib: [134, undefined],
  ustat: [136, undefined],
  sysfs: [139, undefined],
  _sysctl: [156, undefined],
  nfsservctl: [180, 42],

  // The machine itself.
  reboot: [169, 142],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  vhangup: [153, 58],
} satisfies Record<string, Numbers>;
