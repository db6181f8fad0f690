/** @file What the runtime, Dawn, the Vulkan loader and CUDA were seen or are written to say, and what becomes of it. */
import { expect, test } from 'vitest';
import type { ExecutionProvider } from '../tensor/runtime/providers.ts';
import { explainFailure } from './explain-failure.ts';

const NO_ADAPTER =
  'webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(…) was false. Failed to get a WebGPU adapter: No supported adapters\n';
const bridge = (library: string, error: string) =>
  `[E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] [ONNXRuntimeError] : 1 : FAIL : Failed to load library /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/${library} with error: ${error}`;
const NOT_LOADED = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';

test.each<[ExecutionProvider, string, string, string]>([
  [
    'webgpu',
    NO_ADAPTER,
    'Warning: vkCreateInstance: Found no drivers!\nWarning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER',
    'there is no Vulkan driver',
  ],
  [
    'webgpu',
    NO_ADAPTER,
    "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory",
    'there is no Vulkan loader, libvulkan.so.1',
  ],
  ['webgpu', NO_ADAPTER, '', 'there is a Vulkan driver, but no adapter that WebGPU takes'],
  [
    'webgpu',
    "Invalid argument: sessionOptions.executionProviders[0] is unsupported: 'webgpu'.",
    '',
    "this platform's onnxruntime-node has no WebGPU",
  ],
  [
    'cuda',
    NOT_LOADED,
    bridge(
      'libonnxruntime_providers_shared.so',
      '/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory',
    ),
    "ONNX Runtime's CUDA libraries are not installed",
  ],
  [
    'cuda',
    NOT_LOADED,
    bridge(
      'libonnxruntime_providers_cuda.so',
      'libcublasLt.so.13: cannot open shared object file: No such file or directory',
    ),
    'libcublasLt.so.13 is missing',
  ],
  [
    'cuda',
    'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=a',
    '',
    'there is no NVIDIA graphics card that this process may use',
  ],
  [
    'cuda',
    'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
    '',
    "the graphics card's driver is too old",
  ],
  [
    'cuda',
    'CUDA failure 209: no kernel image is available for execution on the device',
    '',
    'the CUDA libraries hold no kernels for this graphics card',
  ],
])('%s: %s', (provider, error, stderr, detail) => {
  const explanation = explainFailure(provider, error, stderr);
  expect(explanation.detail).toBe(detail);
  expect(explanation.advice).toMatch(/\.$/);
});

test('what nobody knows is told as it is, with the last complaint', () => {
  expect(
    explainFailure(
      'cpu',
      'its process ended with code 1',
      'warning: x\nError: /lib/libm.so.6: version `GLIBC_2.38` not found\nNode.js v20\n',
    ),
  ).toEqual({
    detail: 'its process ended with code 1: Error: /lib/libm.so.6: version `GLIBC_2.38` not found',
  });
});
