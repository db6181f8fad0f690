/** @file What the runtime, Dawn, the Vulkan loader and CUDA say when a provider cannot be used, and what helps. */
import type { ExecutionProvider } from '../tensor/runtime/providers.ts';

interface Explanation {
  readonly detail: string;
  readonly advice?: string;
}

/** The first that fits is it. `$1` stands for what the pattern has caught. */
const KNOWN: Readonly<
  Partial<Record<ExecutionProvider, readonly (Required<Explanation> & { says: RegExp })[]>>
> = {
  webgpu: [
    {
      says: /is unsupported: 'webgpu'/,
      detail: "this platform's onnxruntime-node has no WebGPU",
      advice: 'It has on Linux x64, Windows and macOS arm64. Elsewhere: EXECUTION_PROVIDER=cpu.',
    },
    {
      says: /Couldn't load Vulkan/,
      detail: 'there is no Vulkan loader, libvulkan.so.1',
      advice: 'Install it: libvulkan1 on Debian and Ubuntu, vulkan-loader on Fedora.',
    },
    {
      says: /Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER|failed to open|Failed to open JSON file/i,
      detail: 'there is no Vulkan driver',
      advice:
        "Install the graphics card's, which lists itself in /usr/share/vulkan/icd.d, or name its file in VK_DRIVER_FILES. " +
        'A container needs the card too: NVIDIA_DRIVER_CAPABILITIES=all.',
    },
    {
      says: /No supported adapters/,
      detail: 'there is a Vulkan driver, but no adapter that WebGPU takes',
      advice: 'See what `vulkaninfo --summary` lists; Vulkan 1.1 and a newer driver are needed.',
    },
    {
      says: /requires f16 but the device does not support it/,
      detail: 'the device has no half precision',
      advice: 'Report this: no kernel should ask for it.',
    },
  ],
  cuda: [
    {
      says: /is unsupported: 'cuda'/,
      detail: "this platform's onnxruntime-node has no CUDA",
      advice: 'It has on Linux x64. Elsewhere: EXECUTION_PROVIDER=webgpu or cpu.',
    },
    {
      says: /Failed to load library \S*libonnxruntime_providers_(?:shared|cuda)\.so with error: \S*libonnxruntime_providers_\w+\.so: cannot open shared object file/,
      detail: "ONNX Runtime's CUDA libraries are not installed",
      advice:
        'In node_modules/onnxruntime-node: ONNXRUNTIME_NODE_INSTALL=true node ./script/install (about 1 GB).',
    },
    {
      says: /(lib(?:cu|nv)\w+\.so[\d.]*): cannot open shared object file/,
      detail: '$1 is missing',
      advice: 'Install CUDA 13 and cuDNN 9 where the loader finds them, or use the CUDA image.',
    },
    {
      says: /CUDA driver version is insufficient|CUDA failure 35\b/,
      detail: "the graphics card's driver is too old",
      advice: 'CUDA 13 needs a driver of branch 580 or later.',
    },
    {
      says: /no CUDA-capable device|CUDA failure 100\b/,
      detail: 'there is no NVIDIA graphics card that this process may use',
      advice:
        'See what nvidia-smi lists; a container needs --gpus all. CUDA_VISIBLE_DEVICES hides cards.',
    },
    {
      says: /no kernel image is available|CUDA failure 209\b/,
      detail: 'the CUDA libraries hold no kernels for this graphics card',
      advice: 'Try EXECUTION_PROVIDER=webgpu, which compiles its own.',
    },
    {
      says: /CUDA failure 2\b|out of memory/i,
      detail: "the graphics card's memory is full",
      advice: 'See in nvidia-smi what else uses it.',
    },
  ],
};

/**
 * @param error message of what was thrown, or how the process ended
 * @param stderr what the libraries wrote; the reason is often there only
 */
export function explainFailure(
  provider: ExecutionProvider,
  error: string,
  stderr: string,
): Explanation {
  const text = `${error}\n${stderr}`;
  for (const { says, detail, advice } of KNOWN[provider] ?? []) {
    const match = says.exec(text);
    if (match) return { detail: detail.replace('$1', match[1] ?? ''), advice };
  }
  const [firstLine = ''] = error.split('\n');
  const cause = stderr.split('\n').findLast((line) => /error|cannot|failed|not found/i.test(line));
  return { detail: [firstLine, cause?.trim()].filter(Boolean).join(': ').slice(0, 400) };
}
