import { z } from 'zod';

export type Machine = {
  /** As Node names them: `linux`, `darwin`; `x64`, `arm64`, `arm`. */
  readonly platform: string;
  readonly arch: string;
  /** On Linux: whether the C library is glibc. Binaries that are made for it load with no other. */
  readonly isGlibc: boolean;
};

/** Scope `@node-llama-cpp`; without the variants for CUDA and Vulkan, which weigh hundreds of megabytes. */
const BINARIES: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-armv7l',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
};

const Report = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const { platform, arch } = process;
  return { platform, arch, isGlibc: platform === 'linux' && hasGlibc() };
}

/** `linux-x64`, `linux-x64-musl`. */
export function platformName({ platform, arch, isGlibc }: Machine): string {
  return `${platform}-${arch}${platform === 'linux' && !isGlibc ? '-musl' : ''}`;
}

/** The npm package with llama.cpp's binaries for a machine; null: nobody publishes one. */
export function binaryPackage(machine: Machine): string | null {
  const binary = BINARIES[platformName(machine)];
  return binary === undefined ? null : `@node-llama-cpp/${binary}`;
}

/** Whether the built-in llama.cpp computes on a GPU: its binaries do so on Apple's own processors only. */
export function usesGpu({ platform, arch }: Machine): boolean {
  return platform === 'darwin' && arch === 'arm64';
}

function hasGlibc(): boolean {
  // The report has the version where the C library is glibc, and nothing elsewhere. It looks up the names of open connections unless told.
  const report = Object.assign(process.report, { excludeNetwork: true });
  return Report.parse(report.getReport()).header.glibcVersionRuntime !== undefined;
}
