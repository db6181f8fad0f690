/** @file Words for what a user can choose about a picture: in the command, and wherever the choice is shown. */
import type { Aspect, SamplerName } from '#db/jobs/render-prompt.ts';
import type { Style } from '../styles.ts';

/** Names of samplers for people. */
export const samplerLabels = {
  ddim: 'DDIM',
  ddim_trailing: 'DDIM, trailing steps',
  ddpm: 'DDPM (takes 50 steps and more)',
  dpmpp_2m: 'DPM++ 2M',
  dpmpp_2m_karras: 'DPM++ 2M Karras',
  euler: 'Euler',
  euler_a: 'Euler ancestral',
  lcm: 'LCM (for distilled bases only)',
  pndm: 'PNDM',
  unipc: 'UniPC',
} satisfies Record<SamplerName, string>;

/** Names of styles for people. */
export const styleLabels = {
  watercolour: 'Watercolour',
  'pixel-art': 'Pixel art',
  comic: 'Comic',
  sculpture: 'Sculpture',
  drawing: 'Drawing',
  mosaic: 'Mosaic',
  painting: 'Painting',
  '3d': '3D',
  poster: 'Poster',
  photo: 'Photo',
} satisfies Record<Style, string>;

/** Names of aspects for people. */
export const aspectLabels = {
  '1:1': '1:1 square',
  '4:3': '4:3 landscape',
  '3:4': '3:4 portrait',
  '3:2': '3:2 landscape',
  '2:3': '2:3 portrait',
  '16:9': '16:9 wide',
  '9:16': '9:16 phone',
} satisfies Record<Aspect, string>;
