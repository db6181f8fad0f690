/** @file Whether tests can use WebGPU here, and on which driver. */
import { existsSync, readdirSync } from 'node:fs';
import { probeProvider } from '../engine/probe-providers.ts';

/** Debian's chromium brings a Vulkan driver that computes on the CPU. */
const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

const hasDrivers = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).length > 0;

/**
 * Call before the first session: the driver is chosen when WebGPU is first used.
 * @returns why tests on WebGPU must be skipped; undefined where they can run
 */
export async function whyNoWebgpu(): Promise<string | undefined> {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env;
  const isChosen = VK_DRIVER_FILES || VK_ICD_FILENAMES || DRIVER_FOLDERS.some(hasDrivers);
  if (!isChosen && existsSync(SOFTWARE_DRIVER)) {
    process.env.VK_DRIVER_FILES = SOFTWARE_DRIVER;
    // Loaders before 1.3.207 know this one only.
    process.env.VK_ICD_FILENAMES = SOFTWARE_DRIVER;
  }
  const { works, detail } = await probeProvider('webgpu');
  return works ? undefined : `WebGPU: ${detail}`;
}
